//! Stop-watches: CPU time turn by turn, wall time, and the most memory that a process took.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::{fleet, material, review};

/// How many turns the jobs of a comparison take, where they are short.
pub(crate) const TURNS: u32 = 15;

/// The time that all threads of this process have run.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap())
}

/// What one job costs: nanoseconds each time, in every turn.
pub(crate) struct Cost(Vec<f64>);

impl Cost {
    /// The median of the turns, in nanoseconds.
    pub(crate) fn nanos(&self) -> f64 {
        median(&self.0)
    }

    /// The median of the turns, in microseconds.
    pub(crate) fn micros(&self) -> f64 {
        self.nanos() / 1e3
    }

    /// The median of the turns, in milliseconds.
    pub(crate) fn millis(&self) -> f64 {
        self.nanos() / 1e6
    }

    /// How many times as much as another job, turn by turn.
    pub(crate) fn ratio(&self, other: &Self) -> f64 {
        let ratios: Vec<f64> = self.0.iter().zip(&other.0).map(|(a, b)| a / b).collect();
        median(&ratios)
    }
}

/// The middle of some numbers.
pub(crate) fn median(numbers: &[f64]) -> f64 {
    quantile(numbers, 0.5)
}

/// The number below which a share of some numbers lies.
pub(crate) fn quantile(numbers: &[f64], share: f64) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// Measures jobs turn by turn: in each of so many turns, each job runs for its share of `seconds`, once
/// at least.
pub(crate) fn compare(turns: u32, seconds: f64, jobs: &mut [&mut dyn FnMut()]) -> Vec<Cost> {
    let slice = seconds / f64::from(turns);
    // How many times a job is done in a turn, found while it warms up.
    let counts: Vec<u32> = jobs
        .iter_mut()
        .map(|job| {
            let started = Instant::now();
            let mut count = 0_u32;
            while count == 0 || started.elapsed().as_secs_f64() < slice {
                job();
                count += 1;
            }
            count
        })
        .collect();
    let mut costs: Vec<Cost> = jobs.iter().map(|_| Cost(Vec::new())).collect();
    for _ in 0..turns {
        for ((job, count), cost) in jobs.iter_mut().zip(&counts).zip(&mut costs) {
            let before = cpu();
            for _ in 0..*count {
                job();
            }
            cost.0.push((cpu() - before).as_nanos() as f64 / f64::from(*count));
        }
    }
    costs
}

/// The most memory that a process has taken so far, in megabytes; nothing when it has ended.
pub(crate) fn peak(process: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
}

/// How a process ended, how long it took, and the most memory that it was seen to take.
pub(crate) struct Watched {
    pub(crate) code: Option<i32>,
    pub(crate) seconds: f64,
    pub(crate) megabytes: f64,
    pub(crate) errors: String,
}

/// Runs a command and looks at its memory every few milliseconds: the mark only ever rises, and what
/// it allocates last it keeps for longer than that.
pub(crate) fn watch(command: &mut Command, errors: &Path) -> Watched {
    let file = std::fs::File::create(errors).unwrap();
    let started = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(file).spawn().unwrap();
    let id = child.id().to_string();
    let mut megabytes = 0_f64;
    let status = loop {
        megabytes = megabytes.max(peak(&id).unwrap_or(0.0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let seconds = started.elapsed().as_secs_f64();
    Watched { code: status.code(), seconds, megabytes, errors: std::fs::read_to_string(errors).unwrap() }
}

/// Runs this program again for one job and gives what it prints.
pub(crate) fn again(job: &str, workloads: usize) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--child", job, "--workloads", &workloads.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "the child process `{job}` failed");
    String::from_utf8(output.stdout).unwrap()
}

/// The jobs that a process of their own is started for; also what a profiler is pointed at.
pub(crate) fn child(job: &str, workloads: usize) {
    match job {
        // The main job once, and the most memory it took: text, input, reviews, decisions.
        "memory" => {
            let text = material::fleet(workloads);
            let judge = material::judge();
            let before = peak("self").unwrap();
            let decisions = fleet::job(&judge, text);
            assert_eq!(decisions.len(), workloads);
            println!("{before} {}", peak("self").unwrap());
        }
        // The main job, and no more, for a profiler.
        "fleet" => {
            let judge = material::judge();
            assert_eq!(fleet::job(&judge, material::fleet(workloads)).len(), workloads);
        }
        // One of the small jobs, `workloads` times.
        "load-and-judge" | "judge" | "decide" | "interpret" | "canonical" => review::repeat(job, workloads),
        _ => panic!("there is no job `{job}`"),
    }
}
