//! A row of the panel, measured in the process that calls.

use crate::panel_rows::answer::Answer;
use crate::panel_rows::{Job, Off, Row};
use crate::ratios::RATIOS;
use crate::rows;
use cpu_time::ProcessTime;
use hierarch::{Error, Options};
use std::time::{Duration, Instant};

/// Headings of what is measured.
pub(crate) const CELLS: [&str; 7] = ["climb", "correction", "peak MB", "effective", "trust", "worst mean", "worst sd"];

/// Fits that take less are repeated.
const SHORT: Duration = Duration::from_millis(100);
/// For so long.
const REPEATED_FOR: Duration = Duration::from_millis(500);

/// The default on one thread.
pub(crate) fn one_thread() -> Options {
    Options { threads: Some(1), progress: false, ..Options::default() }
}

/// What the row says, a text a cell; one text alone where it is a ratio, or an error.
pub(crate) fn measured(name: &str) -> Vec<String> {
    if let Some(ratio) = RATIOS.iter().find(|ratio| ratio.name == name) {
        return vec![(ratio.measure)()];
    }
    let Some(row) = rows().find(|row| row.name == name) else { return vec![format!("there is no row `{name}`")] };
    row_measured(row).unwrap_or_else(|error| vec![format!("error: {error}")])
}

fn row_measured(row: &Row) -> Result<Vec<String>, Error> {
    let job = (row.job)();
    let Measured { answer, costs, megabytes } = Measured::of(&job)?;
    let [climb, correction] = [Cost::climb, Cost::correction].map(|part| median(costs.iter().map(part).collect()));
    let effective = answer.evidence().map(|evidence| evidence.effective_sample_size);
    let or_dash = |number: Option<f64>| number.map_or_else(|| "-".to_owned(), |x| format!("{x:.0}"));
    let mut cells = vec![seconds(climb), seconds(correction), or_dash(megabytes), or_dash(effective)];
    cells.push(trust(&*answer).to_owned());
    let expected = (row.reference)();
    if expected.is_empty() {
        cells.extend(["-".to_owned(), "-".to_owned()]);
    } else {
        let Off { mean, sd } = Off::of(&answer.latents(), &expected);
        cells.extend([format!("{:.3} sd {}", mean.error, mean.name), format!("{:.1}% {}", sd.error, sd.name)]);
    }
    Ok(cells)
}

/// Fits of one job.
struct Measured {
    answer: Box<dyn Answer>,
    costs: Vec<Cost>,
    /// The process' peak after the first fit.
    megabytes: Option<f64>,
}

/// Processor time of a fit, and the share of the climb in it.
struct Cost {
    total: Duration,
    share_of_climb: f64,
}

impl Cost {
    fn climb(&self) -> Duration {
        self.total.mul_f64(self.share_of_climb)
    }
    fn correction(&self) -> Duration {
        self.total.mul_f64(1.0 - self.share_of_climb)
    }
}

impl Measured {
    fn of(job: &Job) -> Result<Self, Error> {
        let options = one_thread();
        let fit = || {
            let started = ProcessTime::now();
            let answer = job(&options)?;
            let total = started.elapsed();
            let (climb, all) = (answer.times().climb, answer.times().climb + answer.times().correction);
            let share_of_climb = if all.is_zero() { 1.0 } else { climb.as_secs_f64() / all.as_secs_f64() };
            Ok((answer, Cost { total, share_of_climb }))
        };
        let started = Instant::now();
        let (answer, cost) = fit()?;
        let megabytes = peak();
        let is_short = cost.total < SHORT;
        let mut costs = vec![cost];
        while is_short && started.elapsed() < REPEATED_FOR {
            costs.push(fit()?.1);
        }
        Ok(Self { answer, costs, megabytes })
    }
}

/// The process' peak of resident memory in megabytes, where the system tells.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Three digits; milliseconds where there are less than a hundred.
pub(crate) fn seconds(time: Duration) -> String {
    let (number, unit) = if time < SHORT { (1e3 * time.as_secs_f64(), "ms") } else { (time.as_secs_f64(), "s") };
    let digits = match number {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{number:.digits$} {unit}")
}

fn trust(answer: &dyn Answer) -> &'static str {
    let trust = answer.trust();
    match (trust.is_reliable, trust.is_doubtful) {
        (true, _) => "reliable",
        (_, true) => "doubtful",
        _ => "not checked",
    }
}
