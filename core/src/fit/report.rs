//! The table that `{fit}` prints.

use crate::density::program::Program;
use crate::density::shape::Shape;
use crate::fit::solution::Solution;
use crate::fit::{Evidence, Fit, Trust};
use crate::interpret::discover::Start;
use crate::model::level::Level;
use crate::model::subset::Subset;
use crate::model::{Model, Site};
use crate::optimize::climbed::Method;
use crate::optimize::draws::DrawsError;
use crate::options::Correction;
use crate::posterior::columns::Source;
use crate::posterior::gaussian::GaussianHierarchy;
use crate::posterior::summary::Summary;
use crate::sampling::psis::reliable_below;
use std::fmt;

/// Rows of tasks shown in full; of more tasks only the first are shown.
const MOST_ROWS: usize = 120;
/// Entries of a vector shown in full; of a longer one only the first few are.
const MOST_ENTRIES: usize = 60;
const FEW_ENTRIES: usize = 10;

impl<M: Model> fmt::Display for Fit<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Report { program: &Subset::all(&self.model), solution: &self.solution }.write(f)
    }
}

/// A fit to be printed.
struct Report<'a> {
    program: &'a dyn Program,
    solution: &'a Solution,
}

impl Report<'_> {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.climb(f)?;
        self.belief(f)?;
        self.locals(f)?;
        table(f, &self.rows())?;
        let shape = &self.solution.shape;
        let sites = self.program.signature().global_sites;
        let vectors = sites.iter().map(|site| (site, shape.global.values[site.id].len()));
        for (site, len) in vectors.filter(|(_, len)| *len > MOST_ENTRIES) {
            writeln!(f, "... and {} entries more of {}: `fit.global()`", len - FEW_ENTRIES, site.name)?;
        }
        let hidden = shape.num_tasks() - self.shown_tasks();
        if hidden > 0 {
            writeln!(f, "... and {hidden} tasks more: `fit.local(i)`")?;
        }
        Ok(())
    }

    /// How the climb ended, and how far its end depends on the draws.
    fn climb(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = &self.solution.climbed;
        writeln!(
            f,
            "{} after {} {} steps of {}, gradient norm {:.0e}, ELBO {:.3}, {}{}",
            if c.verdict.is_converged() { "converged" } else { "NOT CONVERGED" },
            c.iterations,
            c.method,
            if c.locals.is_some() { "theta" } else { "a mean-field guide" },
            c.gradient_norm,
            c.elbo.total(),
            Milliseconds(self.solution.times.climb),
            c.verdict.advice()
        )?;
        let DrawsError { draws, error, worst_task } = c.error;
        if draws == 0 || c.method == Method::Adam {
            return Ok(());
        }
        write!(f, "averaged over {draws} fixed draws; others would move a mean by {error:.2} guide sds")?;
        match worst_task.filter(|worst| worst.error > 2.0 * error) {
            Some(worst) => writeln!(f, ", of task {} by {:.2}", worst.task, worst.error),
            None => writeln!(f),
        }
    }

    /// Where the posterior comes from, and whether to believe it.
    fn belief(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Solution { climbed, trust, evidence, times, absorbed, .. } = self.solution;
        let method = match trust.method {
            Correction::Importance => "importance-corrected",
            Correction::LinearResponse => "linear-response",
            _ => match &climbed.locals {
                Some(locals) if locals.is_exact => "full-covariance",
                Some(_) => "Laplace, full-covariance",
                None => "mean-field",
            },
        };
        write!(f, "{method} posterior, {}", belief(trust))?;
        // of weights that are not used the notes tell
        if let Some(e) = evidence.as_ref().filter(|_| trust.is_corrected()) {
            let Evidence { k_hat, effective_sample_size, draws, ln_evidence, ln_evidence_error, .. } = e;
            write!(f, ": k-hat {k_hat:.2}, effective draws {effective_sample_size:.0} of {draws}")?;
            if *k_hat < reliable_below(*draws) {
                write!(f, ", ln evidence {ln_evidence:.3} +- {ln_evidence_error:.3}")?;
            }
            write!(f, ", {}", Milliseconds(times.correction))?;
        }
        notes(f, trust)?;
        match absorbed {
            0 => Ok(()),
            1 => writeln!(f, "absorbed since: 1 task"),
            n => writeln!(f, "absorbed since: {n} tasks"),
        }
    }

    /// How locals are written.
    fn locals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = &self.solution.climbed;
        if let Some(locals) = &c.locals {
            let kind = if locals.is_exact { "exact" } else { "a Laplace approximation" };
            writeln!(f, "locals: full covariance given theta, {kind}")?;
        }
        let sites = self.program.signature().local_sites.iter();
        let non_centred: Vec<_> =
            sites.filter(|site| c.open.tasks.non_centred[site.id]).map(|site| site.name).collect();
        if !non_centred.is_empty() {
            writeln!(f, "non-centred: {}", non_centred.join(", "))?;
        }
        Ok(())
    }

    fn shown_tasks(&self) -> usize {
        let shape = &self.solution.shape;
        shape.num_tasks().min((MOST_ROWS / shape.widest.values.max(1)).max(1))
    }

    fn rows(&self) -> Vec<Row> {
        let (program, solution) = (self.program, self.solution);
        let signature = program.signature();
        let gaussian = GaussianHierarchy::mean_field(&solution.climbed.guide);
        let draws = solution.draws_of(&gaussian);
        let guide = Source { guide: &solution.climbed.guide, gaussian: &gaussian, draws: &draws };
        let own = solution.source();
        let of_guide = Some(guide.globals(program));
        let globals = NamedLevel { level: &solution.shape.global, sites: signature.global_sites, task: None };
        let mut rows = globals.rows(&own.globals(program), of_guide.as_deref());
        for i in 0..self.shown_tasks() {
            let level = Shape::task_level(program, &Start::Zero, i);
            let locals = NamedLevel { level: &level, sites: signature.local_sites, task: Some(i) };
            let of_guide = guide.locals(program, i, i);
            rows.extend(locals.rows(&own.locals(program, i, i), Some(&of_guide)));
        }
        rows
    }
}

/// A row of a table: a number's name, its summary, and that of the guide as it is.
pub(crate) struct Row {
    name: String,
    summary: Summary,
    guide: Option<Summary>,
}

/// A level whose numbers are to be named: `tau`, `w[2]`, `theta  task 3`.
pub(crate) struct NamedLevel<'a> {
    pub(crate) level: &'a Level,
    pub(crate) sites: &'a [Site],
    /// The task, if it has a number.
    pub(crate) task: Option<usize>,
}

impl NamedLevel<'_> {
    /// A row for each number, from the summaries of all of them.
    pub(crate) fn rows(&self, summaries: &[Summary], of_guide: Option<&[Summary]>) -> Vec<Row> {
        let mut rows = Vec::new();
        for site in self.sites {
            let entries = self.level.values[site.id].clone();
            let single = entries.len() == 1;
            let shown = if entries.len() > MOST_ENTRIES { FEW_ENTRIES } else { entries.len() };
            for at in entries.clone().take(shown) {
                let entry = if single { String::new() } else { format!("[{}]", at - entries.start) };
                let task = self.task.map_or_else(String::new, |i| format!("  task {i}"));
                let name = format!("{}{entry}{task}", site.name);
                rows.push(Row { name, summary: summaries[at], guide: of_guide.map(|guide| guide[at]) });
            }
        }
        rows
    }
}

/// The rows under their heading, behind an empty line.
pub(crate) fn table(f: &mut fmt::Formatter<'_>, rows: &[Row]) -> fmt::Result {
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max(8);
    let heading = if rows.iter().any(|row| row.guide.is_some()) { "   guide sd" } else { "" };
    writeln!(
        f,
        "\n{:width$} {:>10} {:>10} {:>10} {:>10} {:>10} {:>9}{heading}",
        "", "mean", "sd", "5%", "50%", "95%", "mc error"
    )?;
    for Row { name, summary, guide } in rows {
        write!(f, "{name:width$}")?;
        for number in [summary.mean, summary.sd, summary.q05, summary.q50, summary.q95] {
            write!(f, " {}", Number(number))?;
        }
        write!(f, " {}", Small(summary.mc_error))?;
        match guide {
            Some(guide) => writeln!(f, " {}", Number(guide.sd))?,
            None => writeln!(f)?,
        }
    }
    Ok(())
}

/// The verdict in a word.
pub(crate) fn belief(trust: &Trust) -> &'static str {
    match (trust.is_reliable, trust.is_doubtful) {
        (true, _) => "reliable",
        (_, true) => "DOUBTFUL",
        _ => "not checked",
    }
}

/// The reasons, to the end of the line.
pub(crate) fn notes(f: &mut fmt::Formatter<'_>, trust: &Trust) -> fmt::Result {
    for note in &trust.notes {
        write!(f, "; {note}")?;
    }
    writeln!(f)
}

/// Four significant digits, right-aligned in ten columns.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v = self.0;
        let text = if v == 0.0 || !v.is_finite() {
            format!("{v}")
        } else {
            #[expect(clippy::cast_possible_truncation, reason = "the magnitude of an f64 is a small integer")]
            let magnitude = v.abs().log10().floor() as i32;
            match magnitude {
                -4..=5 => format!("{v:.*}", usize::try_from(3 - magnitude).unwrap_or(0)),
                _ => format!("{v:.3e}"),
            }
        };
        write!(f, "{text:>10}")
    }
}

struct Small(f64);

impl fmt::Display for Small {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>9}", format!("{:.0e}", self.0))
    }
}

struct Milliseconds(std::time::Duration);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms", 1e3 * self.0.as_secs_f64())
    }
}
