//! What is written, and where: every format, files whole, pipes that close.

use std::io::Read;
use std::process::Stdio;

use super::support::{Folder, NOW, repository};

fn line(more: &str) -> String {
    format!("evaluate --trust-input {} --now {NOW} {more}", repository("examples/quickstart"))
}

#[test]
fn every_format_is_written_to_both_places_alike() {
    let folder = Folder::new();
    folder.run(&line("-o json=base.json"));
    for format in weighlock::report::FORMATS {
        let name = format.name;
        let shown = folder.run(&line(&format!("-o {name}")));
        assert_eq!(shown.code, 10, "{name}: {shown:?}");
        assert!(!shown.out.is_empty() && shown.err.is_empty(), "{name}: {}", shown.err);
        let written = folder.run(&line(&format!("-o {name}=deep.out")));
        assert_eq!((written.code, written.out.as_str()), (10, ""), "{name}");
        assert_eq!(folder.read("deep.out"), shown.out, "{name}");
        assert!(!shown.out.contains('\u{1b}'), "{name} has colour, though nobody asked");
        // Asked to narrow or to compare, each still writes.
        for more in ["--change tile-server-2.4.1", "--baseline base.json"] {
            let ran = folder.run(&line(&format!("{more} -o {name}")));
            assert_eq!(ran.code, 10, "{name} {more}: {ran:?}");
        }
    }
    // All at once, one of them to standard output.
    let all: Vec<String> =
        weighlock::report::FORMATS.iter().map(|format| format!("-o {0}=all.{0}", format.name)).collect();
    let ran = folder.run(&line(&format!("{} -o text", all.join(" "))));
    assert_eq!(ran.code, 10);
    assert!(
        weighlock::report::FORMATS
            .iter()
            .all(|format| folder.path(&format!("all.{}", format.name)).is_file())
    );
    let left: Vec<_> = std::fs::read_dir(folder.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_cannot_be_written_is_said() {
    let folder = Folder::with(&[("file", "x")]);
    for (flags, code, said) in [
        ("-o text -o json", 2, "two reports cannot both go to standard output"),
        ("-o jsn", 2, "did you mean `json`?"),
        ("-o json=", 2, ""),
        ("-o json=missing/report.json", 2, "output.unwritable"),
        ("-o json=file/report.json", 2, "output.unwritable"),
        ("-o json=.", 2, "output.unwritable"),
        ("--decision-out file", 2, "output.unwritable"),
        ("--sign-key file", 2, "--decision-out"),
        ("--decision-out out --sign-key file", 2, "key.invalid"),
        ("--baseline file", 2, "not JSON"),
        ("--baseline missing", 2, "input.unreadable"),
        ("--change tile-server-2.4.2", 2, "did you mean `tile-server-2.4.1`?"),
    ] {
        let ran = folder.run(&line(flags));
        assert_eq!(ran.code, code, "{flags}: {ran:?}");
        assert!(ran.err.contains(said) && !ran.err.is_empty(), "{flags}: {}", ran.err);
    }
    assert_eq!(folder.read("file"), "x");
}

#[test]
fn a_device_is_written_to_and_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let folder = Folder::new();
    assert_eq!(folder.run(&line("-o json=/dev/null")).code, 10);
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    let shown = folder.run(&line("-o json=/dev/stdout"));
    assert!(shown.out.starts_with('{'), "{shown:?}");
}

#[test]
fn whoever_stops_reading_changes_neither_the_exit_code_nor_the_files() {
    let folder = Folder::new();
    let words: Vec<String> = line("-o text -o json=report.json").split(' ').map(str::to_owned).collect();
    let mut child = folder.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Closed before anything is written.
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(10));
    assert_eq!(said, "");
    assert!(folder.read("report.json").starts_with('{'));
}

#[test]
fn a_baseline_hides_what_is_known_and_changes_no_verdict() {
    let folder = Folder::new();
    let all = folder.run(&line("-o text -o json=base.json"));
    let ran = folder.run(&line("--baseline base.json"));
    assert_eq!((all.code, ran.code), (10, 10));
    assert!(
        all.out.contains("migrations.drop_column") && !ran.out.contains("migrations.drop_column"),
        "{}",
        ran.out
    );
    // What is new is shown.
    let older = folder.read("base.json").replace("migrations.drop_column", "migrations.other");
    folder.write("base.json", older);
    let ran = folder.run(&line("--baseline base.json"));
    assert!(ran.code == 10 && ran.out.contains("migrations.drop_column"), "{}", ran.out);
    let narrow = folder.run(&line("--change tile-server-2.4.1"));
    assert!(narrow.code == 10 && !narrow.out.contains("flights-0042"), "{}", narrow.out);
}

/// What a document says steers neither a terminal nor a pipeline.
#[test]
fn nothing_in_a_document_acts_on_who_reads() {
    let evil = "\\u001b[2J\\n::error::x\\r\\u009b31m##vso[task]";
    let folder =
        Folder::with(&[("p.rego", "package p\n\ndeny contains sprintf(\"no `%s`\", [input.change.id])\n")]);
    folder.write(
        "in.json",
        format!("{{\"apiVersion\": \"weighlock.dev/v1\", \"kind\": \"Input\", \"inventory\": [{{\"id\": \"a{evil}\", \"kind\": \"workload\"}}], \"changes\": [{{\"id\": \"{evil}\", \"kind\": \"config\", \"asset\": \"a{evil}\"}}]}}"),
    );
    for format in weighlock::report::FORMATS {
        let ran = folder.run(&format!("evaluate in.json -p p.rego -o {}", format.name));
        assert_eq!(ran.code, 10, "{}: {ran:?}", format.name);
        assert!(!ran.out.contains(['\u{1b}', '\u{9b}', '\r']), "{}: {:?}", format.name, ran.out);
        let commands = ran.out.lines().filter(|line| line.trim_start().starts_with("::error::x")).count();
        assert_eq!(commands, 0, "{}: {}", format.name, ran.out);
    }
    // Nor in an error: in what it says, what it quotes, and the words under the place.
    let raw =
        "{\"apiVersion\": \"weighlock.dev/v1\",\r::error::x \"kind\": \"Input\", \"\u{9b}31m\u{202e}\": 1}";
    let report =
        format!("{{\"apiVersion\": \"weighlock.dev/v1\", \"kind\": \"Report\", \"verdict\": \"{evil}\"}}");
    let named = format!("{{\"apiVersion\": \"weighlock.dev/v1\", \"kind\": \"Input\", \"{evil}\": 1}}");
    folder.write("e.json", report);
    for (text, command) in [
        (named.as_str(), "evaluate in.json -p p.rego"),
        (raw, "evaluate in.json -p p.rego"),
        ("{}", "approve c --report e.json --by x@y"),
    ] {
        folder.write("in.json", text);
        let ran = folder.run(command);
        assert!(ran.code == 2, "{ran:?}");
        assert!(!ran.err.contains(['\u{1b}', '\u{9b}', '\u{7}', '\r', '\u{202e}']), "{:?}", ran.err);
        assert!(!ran.err.lines().any(|line| line.trim_start().starts_with("::")), "{}", ran.err);
    }
}
