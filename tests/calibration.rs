//! Simulation-based calibration (Talts et al. 2018): theta, phi and data are drawn from the prior, the model is fitted by
//! default, and the truth is ranked among the posterior's draws. Over many replications ranks are uniform, and a central
//! interval holds the truth as often as its level says, among the fits that call themselves reliable as well: whether they do
//! depends on the data alone. Beside latents some models rank the likelihood, which a posterior that ignores its data fails
//! (Modrak et al. 2023).
//!
//! A few seconds of it are part of `cargo test`. For a run that tells more, and for one replication again:
//!
//! ```text
//! cargo test --release -p hierarch-tests --test calibration -- --replications 300 [--from 0] [--markdown]
//! cargo test --release -p hierarch-tests --test calibration -- --model "few groups" --replication 17
//! ```
//!
//! It fails where a fit is refused, or where a p-value is so small that chance does as much in one of [`RARELY`] runs.

#[path = "calibration/choices.rs"]
mod choices;
#[path = "shared/command_line.rs"]
mod command_line;
#[path = "calibration/counts.rs"]
mod counts;
#[path = "calibration/measured.rs"]
mod measured;
#[path = "calibration/nature.rs"]
mod nature;
#[path = "calibration/positive.rs"]
mod positive;
#[path = "calibration/roster.rs"]
mod roster;
#[path = "calibration/several.rs"]
mod several;
#[path = "calibration/table.rs"]
mod table;
#[path = "calibration/tally.rs"]
mod tally;
#[path = "calibration/trial.rs"]
mod trial;
#[path = "calibration/uniform.rs"]
mod uniform;

use command_line::CommandLine;
use nature::Nature;
use roster::{Entry, ROSTER};
use std::ops::Range;
use std::process::ExitCode;
use std::time::Instant;
use table::{Style, p_value};
use tally::{Judged, Tally, judged};
use trial::Trusted;
use uniform::TESTS;

/// Replications of each model that are a part of every run of the tests.
const FEW: u64 = 6;
/// One in so many runs of a right program fails by chance, were its seeds not fixed.
const RARELY: f64 = 1000.0;
/// Fewer fits of a model, over all of its replications, are no sign of one that serves.
const LEAST_RELIABLE: f64 = 0.5;

/// What is asked for on the command line.
struct Asked {
    replications: Range<u64>,
    /// A single one, of which all is shown.
    is_one: bool,
    model: Option<String>,
    style: Style,
}

impl Asked {
    fn read() -> Self {
        let mut line = CommandLine::read();
        let one = line.number("--replication");
        let from = one.or(line.number("--from")).unwrap_or(0);
        let count = if one.is_some() { 1 } else { line.number("--replications").unwrap_or(FEW) };
        Self {
            replications: from..from + count,
            is_one: one.is_some(),
            model: line.text("--model"),
            style: Style { is_markdown: line.has("--markdown") },
        }
    }

    /// The replications of a model.
    fn of(&self, entry: &Entry) -> Range<u64> {
        let Range { start, end } = self.replications;
        if self.is_one { start..end } else { start..start + (end - start) / entry.one_in }
    }

    fn wants(&self, name: &str) -> bool {
        self.model.as_deref().is_none_or(|model| model == name)
    }
}

fn main() -> ExitCode {
    let (asked, started) = (Asked::read(), Instant::now());
    uniform::check();
    let mut tallies = Vec::new();
    for (at, entry) in ROSTER.iter().enumerate().filter(|(_, entry)| asked.wants(entry.name)) {
        let mut tally = Tally::default();
        for replication in asked.of(entry) {
            let trial = (entry.run)(&mut Nature::new(at, replication));
            if asked.is_one {
                println!("{}: {}\n\n{}", entry.name, entry.what, trial.report);
                let shares = trial.answer.iter().flat_map(|ranked| &ranked.shares);
                trial.names.iter().zip(shares).for_each(|(name, share)| println!("below the true {name}: {share:.4}"));
            }
            tally.add(replication, trial);
        }
        if tally.replications() > 0 {
            tallies.push((at, tally));
        }
    }
    assert!(!tallies.is_empty(), "a model of the roster, and at least one replication");
    let judged = judged(&tallies);
    println!("{}\n", asked.style.models(&tallies));
    println!("{}\n", asked.style.quantities(&judged));
    let mut wrong = unlike_chance(&judged);
    wrong.extend(tallies.iter().flat_map(|(at, tally)| of_no_use(ROSTER[*at].name, tally)));
    for complaint in &wrong {
        println!("{complaint}");
    }
    println!("{} complaints, {:.0} s", wrong.len(), started.elapsed().as_secs_f64());
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Quantities whose ranks no right program gives but by a rare chance, half of which is for the few of all models together: they
/// tell most where replications are few.
fn unlike_chance(judged: &[Judged]) -> Vec<String> {
    let least = |of: &Judged| {
        let alike = judged.iter().filter(|other| other.is_of_all == of.is_of_all).count();
        0.5 / (RARELY * (TESTS * alike) as f64)
    };
    let unlikely = judged.iter().filter(|of| of.uniformity.least() < least(of));
    let complaint = |Judged { name, uniformity, outermost, .. }: &Judged| {
        let p = p_value(uniformity.least());
        format!("{name}: ranks are not uniform, p = {p}; outermost in replications {outermost:?}")
    };
    unlikely.map(complaint).collect()
}

/// Fits that were refused, and models of which too few fits are reliable.
fn of_no_use(name: &str, tally: &Tally) -> Vec<String> {
    let refused = |(replication, error): &(u64, hierarch::Error)| format!("{name}, replication {replication}: {error}");
    let mut wrong: Vec<String> = tally.refused.iter().map(refused).collect();
    let share = tally.count(Trusted::Reliable) as f64 / tally.replications() as f64;
    if tally.replications() > 1 && share < LEAST_RELIABLE {
        wrong.push(format!("{name}: only {:.0}% of the fits are reliable", 100.0 * share));
    }
    wrong
}
