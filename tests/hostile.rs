//! Data sets and options that nobody would mean, by the thousand: every model must answer or say what is wrong, and where.
//!
//! A few seconds of it are part of `cargo test`. For more, and for one set again:
//!
//! ```text
//! cargo test --release -p hierarch-tests --test hostile -- --sets 100000 [--from 1]
//! cargo test --release -p hierarch-tests --test hostile -- --model Poissons --set 1234
//! ```

#[path = "shared/command_line.rs"]
#[allow(dead_code, reason = "no flag is asked for here")]
mod command_line;
#[path = "hostile/data.rs"]
mod data;
#[path = "hostile/examine.rs"]
mod examine;
#[path = "hostile/finite.rs"]
mod finite;
#[path = "hostile/options.rs"]
mod options;
#[path = "hostile/roster.rs"]
mod roster;
#[path = "hostile/watch.rs"]
mod watch;

use command_line::CommandLine;
use data::Set;
use examine::{Found, Tally};
use roster::ROSTER;
use std::process::ExitCode;
use std::time::Instant;
use watch::Watch;

/// Sets that are a part of every run of the tests.
const FEW: u64 = 20 * ROSTER.len() as u64;

/// What is asked for on the command line.
struct Asked {
    sets: u64,
    from: u64,
    model: Option<String>,
}

impl Asked {
    fn read() -> Self {
        let mut line = CommandLine::read();
        let one = line.number("--set");
        Self {
            sets: if one.is_some() { 1 } else { line.number("--sets").unwrap_or(FEW) },
            from: one.or(line.number("--from")).unwrap_or(0),
            model: line.text("--model"),
        }
    }
}

fn main() -> ExitCode {
    let Asked { sets, from, model } = Asked::read();
    let (watch, started) = (Watch::start(), Instant::now());
    let (mut tally, mut wrong) = (Tally::default(), 0);
    for number in from..from + sets {
        let entry = match &model {
            Some(name) => ROSTER.iter().find(|entry| entry.name == name).expect("a model of the roster"),
            None => &ROSTER[usize::try_from(number).expect("a small number") % ROSTER.len()],
        };
        let set = Set::new(number);
        if sets == 1 {
            println!("{set:#?}");
        }
        let again = format!("--model {} --set {number}", entry.name);
        let Found { counts, complaints } = watch.guarded(&again, || (entry.run)(&set));
        tally.add(&counts);
        wrong += complaints.len();
        for complaint in complaints {
            println!("{again}: {complaint}");
        }
    }
    println!(
        "{sets} sets of {} models in {:.1} s: {tally}, {wrong} complaints",
        ROSTER.len(),
        started.elapsed().as_secs_f64()
    );
    if sets >= FEW && model.is_none() && !tally.is_mixed(sets) {
        println!("too few of one kind to tell anything");
        return ExitCode::FAILURE;
    }
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
