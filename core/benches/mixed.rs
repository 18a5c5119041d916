//! Mixed models of one grouping factor, simulated from their priors and fitted by default: how far estimates are from the
//! truth, how often intervals hold it, what rows that were left out cost, and how long a fit takes. Three families by three
//! sizes, 128 data sets a row:
//!
//! ```text
//! cargo bench --bench mixed
//! cargo bench --bench mixed -- "normal small" --replications 16 --list    # a line a data set as well, on standard error
//! cargo bench --bench mixed -- "Poisson mid" --set 17                     # one data set, and the fit as it is printed
//! cargo bench --bench mixed -- --budget 30                                # seconds of Options::correction_budget, where others compute too
//! cargo bench --bench mixed -- --quick                                    # some seconds, and fails where a fit is no good
//! ```
//!
//! Data sets have 5 to 137 groups, 20 to 2,339 rows, 1 to 16 fixed and 1 to 5 correlated random terms.
#![allow(missing_docs)]

#[path = "mixed/families.rs"]
mod families;
#[path = "mixed/score.rs"]
mod score;
#[path = "mixed/simulated.rs"]
mod simulated;
#[path = "mixed/table.rs"]
mod table;
#[path = "mixed/trial.rs"]
mod trial;

use families::{FAMILIES, Family};
use hierarch::Options;
use score::Score;
use simulated::{SIZES, Size, Which};
use std::ops::Range;
use std::time::Duration;
use trial::{LEVELS, Trial};

/// Data sets a row.
const SETS: u64 = 128;
/// Where it has to be quick, of small data sets only.
const FEW: u64 = 12;
/// Standard errors that the coverage of a right program is off by in one of some ten thousand runs, were its seeds not fixed.
const FAR: f64 = 4.0;

/// What the command line asks for.
struct Asked {
    /// The rows of these words.
    words: Vec<String>,
    sets: Range<u64>,
    is_one: bool,
    is_listed: bool,
    is_quick: bool,
    /// Seconds of [`Options::correction_budget`](hierarch::Options::correction_budget), which are a clock's, where it is not the default.
    budget: Option<u64>,
}

impl Asked {
    /// Without `--bench`, as `cargo test --benches` starts it, it is quick.
    fn read() -> Self {
        let (mut words, mut flags, mut numbers) = (Vec::new(), Vec::new(), [None; 3]);
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut number =
                || arguments.next().and_then(|word| word.parse().ok()).expect("a number behind the option");
            match argument.as_str() {
                "--replications" => numbers[0] = Some(number()),
                "--set" => numbers[1] = Some(number()),
                "--budget" => numbers[2] = Some(number()),
                _ if argument.starts_with('-') => flags.push(argument),
                _ => words.push(argument),
            }
        }
        let has = |flag: &str| flags.iter().any(|f| f == flag);
        let [count, one, budget] = numbers;
        let is_quick = has("--quick") || !has("--bench");
        let sets = one.map_or(0..count.unwrap_or(if is_quick { FEW } else { SETS }), |one| one..one + 1);
        Self { words, sets, is_one: one.is_some(), is_listed: has("--list"), is_quick, budget }
    }

    fn wants(&self, name: &str) -> bool {
        let is_named = |word: &String| name.to_lowercase().contains(&word.to_lowercase());
        (self.words.is_empty() || self.words.iter().any(is_named)) && (!self.is_quick || name.contains("small"))
    }

    /// Default options on one thread.
    fn options(&self, seed: u64) -> Options {
        let options = Options { seed, threads: Some(1), progress: false, ..Options::default() };
        let correction_budget = self.budget.map_or(options.correction_budget, Duration::from_secs);
        Options { correction_budget, ..options }
    }

    fn trials(&self, stream: u64, family: &Family, size: &Size) -> Vec<Trial> {
        let run = |number| {
            let trial = (family.run)(Which { stream, number }, size, &self.options(number));
            if self.is_listed {
                eprintln!("{} {}: {}", family.name, size.name, line(&trial));
            }
            if self.is_one {
                println!("{}", trial.answer.as_ref().map_or_else(ToString::to_string, |fitted| fitted.report.clone()));
            }
            trial
        };
        self.sets.clone().map(run).collect()
    }
}

/// A data set in a line.
fn line(trial: &Trial) -> String {
    let Trial { number, shape: [groups, rows, fixed, random], answer } = trial;
    let said = match answer {
        Ok(fit) => format!("{:.3} s, {:?} {}", fit.seconds, fit.said, fit.notes.join("; ")),
        Err(error) => error.to_string(),
    };
    format!("set {number}, {groups} groups, {rows} rows, {fixed} fixed, {random} random: {said}")
}

fn main() {
    let asked = Asked::read();
    println!("{}", table::HEAD);
    let mut complaints = Vec::new();
    let rows = FAMILIES.iter().flat_map(|family| SIZES.iter().map(move |size| (family, size)));
    for (stream, (family, size)) in (0..).zip(rows) {
        let name = format!("{} {}", family.name, size.name);
        if asked.wants(&name) {
            let score = Score::of(&asked.trials(stream, family, size));
            println!("{}", table::row(&name, &score));
            complaints.extend(complaints_of(&name, &score));
        }
    }
    if asked.is_quick {
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }
}

/// What no right program's row says but by a rare chance.
fn complaints_of(name: &str, score: &Score) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut expect = |is_right: bool, complaint: String| {
        if !is_right {
            complaints.push(format!("{name}: {complaint}"));
        }
    };
    expect(score.refused == 0, format!("{} data sets have no fit", score.refused));
    expect(2 * score.reliable > score.sets, format!("only {} of {} fits are reliable", score.reliable, score.sets));
    for (class, error) in trial::CLASSES.iter().zip(score.errors) {
        expect(error < 1.0, format!("estimates of {class} are {error:.2} standard deviations of the truth off"));
    }
    for (level, (off, error)) in LEVELS.iter().zip(score.coverage) {
        expect(
            off.abs() < FAR * error,
            format!("coverage of {level} is {off:.3} off, whose standard error is {error:.3}"),
        );
    }
    expect(
        score.log_loss[0] < score.log_loss[1] + 0.5,
        format!("rows left out cost {:.2} nats, {:.2} given the truth", score.log_loss[0], score.log_loss[1]),
    );
    complaints
}
