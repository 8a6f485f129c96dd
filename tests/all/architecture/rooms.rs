//! The rooms of the house: what each may import, and which are pure. Read by people too:
//! `docs/architecture.md` shows this table, and a test keeps the two in step.

/// A room: a module of the crate, with everything below it.
#[derive(Debug)]
pub(crate) struct Room {
    /// Its name.
    pub(crate) name: &'static str,
    /// Whether it has no file system, network, process, environment, clock or terminal.
    pub(crate) pure: bool,
    /// The rooms that it imports; one that is listed and not imported is an error too.
    pub(crate) imports: &'static [&'static str],
    /// What it guarantees, or why it imports what it does.
    pub(crate) why: &'static str,
}

/// Every room, each after those that it imports.
pub(crate) const ROOMS: &[Room] = &[
    Room {
        name: "model",
        pure: true,
        imports: &[],
        why: "nouns without effects; the schemas are generated from them",
    },
    Room {
        name: "diag",
        pure: true,
        imports: &[],
        why: "stable codes with places in sources; reads documents into any type, and says where they go wrong",
    },
    Room {
        name: "facts",
        pure: true,
        imports: &["model", "diag"],
        why: "text becomes facts; what a document says of its own trust is refused or forgotten",
    },
    Room {
        name: "policy",
        pure: true,
        imports: &["model", "diag"],
        why: "texts become a bundle with a digest; what cannot be meant is refused at load",
    },
    Room {
        name: "engine",
        pure: true,
        imports: &["model", "diag", "policy"],
        why: "one rule over one review, within limits; a failure never reads as nothing found",
    },
    Room {
        name: "decide",
        pure: true,
        imports: &["model", "diag", "facts", "policy", "engine"],
        why: "reviews, verdicts, governance; `facts` because what can be derived is derived, never believed",
    },
    Room {
        name: "drivers",
        pure: true,
        imports: &["model"],
        why: "what each kind of step takes, gives, needs and can undo",
    },
    Room {
        name: "plan",
        pure: true,
        imports: &["model", "diag", "drivers"],
        why: "actions become a graph of steps that its drivers can carry out, or are refused",
    },
    Room {
        name: "report",
        pure: true,
        imports: &["model", "diag"],
        why: "one evaluation in every format; nothing that came from outside acts on who reads it",
    },
    Room {
        name: "author",
        pure: true,
        imports: &["model", "diag", "facts", "policy", "engine", "decide"],
        why: "cases run through the same evaluation as real changes; no case is never a pass",
    },
    Room {
        name: "files",
        pure: false,
        imports: &["diag"],
        why: "whatever is read is a file, whole and within a bound; nothing is waited for",
    },
    Room {
        name: "config",
        pure: false,
        imports: &["model", "diag", "facts", "policy", "decide", "files"],
        why: "the operator's file with what it names read; holds the options of the rooms it configures",
    },
    Room {
        name: "pipeline",
        pure: false,
        imports: &[
            "model", "diag", "facts", "policy", "engine", "decide", "plan", "author", "report", "files",
            "config",
        ],
        why: "files in, evaluation out; `author` and `config` for the schemas of what they read",
    },
    Room {
        name: "cli",
        pure: false,
        imports: &[
            "model", "diag", "facts", "policy", "engine", "decide", "report", "author", "files", "config",
            "pipeline",
        ],
        why: "arguments, exit codes and the terminal; the one place where the time is read",
    },
];

/// What a pure room must not name: consecutive segments of a path, wherever they stand.
pub(crate) const EFFECTS: &[&[&str]] = &[
    &["std", "fs"],
    &["std", "net"],
    &["std", "env"],
    &["std", "process"],
    &["std", "os"],
    &["SystemTime"],
    &["Instant"],
    &["Timestamp", "now"],
    &["Time", "now"],
    &["Zoned", "now"],
    &["io", "stdin"],
    &["io", "stdout"],
    &["io", "stderr"],
    &["thread", "spawn"],
    &["thread", "sleep"],
    &["rayon", "spawn"],
    &["tokio"],
];

/// Macros that a pure room must not use.
pub(crate) const LOUD: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];

/// An effect that one file of a pure room is let have.
#[derive(Debug)]
pub(crate) struct Exception {
    pub(crate) file: &'static str,
    pub(crate) effect: &'static [&'static str],
    pub(crate) why: &'static str,
}

/// The exceptions; one that nothing needs any more is an error.
pub(crate) const EXCEPTIONS: &[Exception] = &[
    Exception { file: "src/engine/cel/meter.rs", effect: &["Instant"], why: DEADLINE },
    Exception { file: "src/engine/rego/meter/allowance.rs", effect: &["Instant"], why: DEADLINE },
];

const DEADLINE: &str = "the last limit of an evaluation is a deadline; to meet it is a failure marked not \
                        replayable, so no decision rests on it";

/// Files that are longer than they should be: how long each may be at most, and why it is let be.
pub(crate) const LONG: &[(&str, usize, &str)] = &[];

/// How many lines a file may have, without its tests.
pub(crate) const LINES: usize = 600;
