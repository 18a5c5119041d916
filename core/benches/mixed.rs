//! Mixed models of one grouping factor, simulated from their priors and fitted by default: how far estimates are from the
//! truth, how often intervals hold it, what rows that were left out cost, and how long a fit takes. Three families by three
//! sizes, 128 data sets a row:
//!
//! ```text
//! cargo bench --bench mixed
//! cargo bench --bench mixed -- "normal small" --replications 16 --list    # a line a data set as well, on standard error
//! cargo bench --bench mixed -- "Poisson mid" --set 17                     # one data set, and the fit as it is printed
//! cargo bench --bench mixed -- --budget 30                                # seconds a correction, on a busy machine
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
use trial::Trial;

/// Data sets a row.
const SETS: u64 = 128;
/// Where it has to be quick, of small data sets only.
const FEW: u64 = 5;

/// What the command line asks for.
struct Asked {
    /// The rows of these words.
    words: Vec<String>,
    /// Data sets a row.
    count: Option<u64>,
    /// A single one, of which all is shown.
    one: Option<u64>,
    /// Seconds of [`Options::correction_budget`], which are a clock's, where it is not the default.
    budget: Option<u64>,
    is_listed: bool,
    is_quick: bool,
}

impl Asked {
    /// Without `--bench`, as `cargo test --benches` starts it, it is quick.
    fn read() -> Self {
        let mut asked =
            Self { words: Vec::new(), count: None, one: None, budget: None, is_listed: false, is_quick: true };
        let (mut is_bench, mut is_quick) = (false, false);
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let number = arguments.next().and_then(|word| word.parse().ok());
                Some(number.unwrap_or_else(|| panic!("{argument} is a number")))
            };
            match argument.as_str() {
                "--replications" => asked.count = number(),
                "--set" => asked.one = number(),
                "--budget" => asked.budget = number(),
                "--list" => asked.is_listed = true,
                "--quick" => is_quick = true,
                "--bench" => is_bench = true,
                _ => asked.words.push(argument),
            }
        }
        Self { is_quick: is_quick || !is_bench, ..asked }
    }

    /// Numbers of data sets.
    fn sets(&self) -> Range<u64> {
        let usual = if self.is_quick { FEW } else { SETS };
        self.one.map_or(0..self.count.unwrap_or(usual), |one| one..one + 1)
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
            if self.one.is_some() {
                println!("{}", trial.answer.as_ref().map_or_else(ToString::to_string, |fitted| fitted.report.clone()));
            }
            trial
        };
        self.sets().map(run).collect()
    }
}

/// A data set in a line.
fn line(trial: &Trial) -> String {
    let Trial { number, shape: [groups, rows, fixed, random], answer } = trial;
    let said = match answer {
        Ok(fit) if fit.trust.is_reliable => format!("{:.3} s, reliable", fit.seconds),
        Ok(fit) => format!("{:.3} s, {}", fit.seconds, fit.trust.notes.join("; ")),
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
            complaints.extend(score.complaints().into_iter().map(|complaint| format!("{name}: {complaint}")));
        }
    }
    if asked.is_quick {
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }
}
