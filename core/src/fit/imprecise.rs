//! Which numbers an answer does not tell precisely, in words.

use crate::correct::precision::{Imprecision, PRECISE, Place, Precision};
use crate::density::program::Program;
use crate::fit::names::NamedLevel;
use crate::interpret::discover::Start;
use crate::model::level::Level;

/// Errors above this are doubtful: of a mean, in standard deviations.
const DOUBTFUL: f64 = 0.1;
/// So many numbers are named.
const NAMED: usize = 4;

/// What names the numbers of a model.
pub(crate) struct Naming<'a> {
    pub(crate) program: &'a dyn Program,
    pub(crate) globals: &'a Level,
}

impl Naming<'_> {
    /// `tau`, `w[2]`
    pub(crate) fn of_global(&self, number: usize) -> String {
        self.name(Place { task: None, number })
    }

    /// The site of a coordinate of theta.
    pub(crate) fn of_coordinate(&self, coordinate: usize) -> &'static str {
        self.globals().of_coordinate(coordinate).map_or("theta", |name| name.site)
    }

    /// `tau`, `w[2]`, `theta of task 3`.
    fn name(&self, place: Place) -> String {
        let Some(task) = place.task else { return in_level(&self.globals(), place.number) };
        let level = self.program.task_level(&Start::Zero, task);
        let locals = NamedLevel { level: &level, sites: self.program.signature().local_sites, task: None };
        format!("{} of {}", in_level(&locals, place.number), self.program.task_name(task))
    }

    fn globals(&self) -> NamedLevel<'_> {
        NamedLevel { level: self.globals, sites: self.program.signature().global_sites, task: None }
    }
}

/// The name of a number of a level.
fn in_level(level: &NamedLevel<'_>, number: usize) -> String {
    level.of_value(number).map_or_else(String::new, |name| name.in_level())
}

/// A doubt about means that are known too roughly, and remarks: on the other numbers that have larger errors than they should,
/// and on those of which draws do not tell how large the error is.
pub(crate) fn imprecise(precision: &Precision, naming: &Naming<'_>) -> (Option<String>, Vec<String>) {
    let is_doubtful = |of: &&Imprecision| of.of_mean > DOUBTFUL;
    let (doubtful, other): (Vec<&Imprecision>, Vec<&Imprecision>) = precision.imprecise.iter().partition(is_doubtful);
    let of_mean = |of: &&Imprecision| format!("{} ({:.2} sd)", naming.name(of.place), of.of_mean);
    let of_other = |of: &&Imprecision| {
        let name = naming.name(of.place);
        if of.of_sd > of.of_mean {
            format!("the sd of {name} ({:.0}%)", 100.0 * of.of_sd)
        } else {
            format!("the mean of {name} ({:.2} sd)", of.of_mean)
        }
    };
    let limit = format!("{PRECISE} sd of a mean or {:.0}% of an sd", 100.0 * PRECISE);
    let doubt = listed(&sorted(doubtful, |of| of.of_mean), of_mean);
    let errors = listed(&sorted(other, Imprecision::worst), of_other);
    let [unreached, heavy] =
        [&precision.unreached, &precision.heavy].map(|places| listed(places, |place| naming.name(*place)));
    (
        doubt.map(|list| format!("Monte Carlo errors of means are above {DOUBTFUL} sd: {list}")),
        [
            errors.map(|list| format!("Monte Carlo errors above {limit}: {list}")),
            unreached.map(|list| format!("tails longer than the draws reach, so that the sd may be short: {list}")),
            heavy.map(|list| format!("tails so heavy that quantiles tell more than the sd: {list}")),
        ]
        .into_iter()
        .flatten()
        .collect(),
    )
}

/// The worst first.
fn sorted(mut numbers: Vec<&Imprecision>, error: impl Fn(&Imprecision) -> f64) -> Vec<&Imprecision> {
    numbers.sort_by(|a, b| error(b).total_cmp(&error(a)));
    numbers
}

/// The first of them, and how many more there are; `None` of none.
fn listed<T>(numbers: &[T], say: impl Fn(&T) -> String) -> Option<String> {
    let said: Vec<String> = numbers.iter().take(NAMED).map(say).collect();
    let more = numbers.len() - said.len();
    let list = said.join(", ");
    (!said.is_empty()).then(|| if more > 0 { format!("{list} and {more} more") } else { list })
}
