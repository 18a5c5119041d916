//! The table that `{fit}` prints.

use crate::density::program::Program;
use crate::fit::names::NamedLevel;
use crate::fit::solution::Solution;
use crate::fit::table::Table;
use crate::fit::{Chains, Evidence, Fit, Trust};
use crate::interpret::discover::Start;
use crate::model::Model;
use crate::model::subset::Subset;
use crate::optimize::draws::DrawsError;
use crate::optimize::summit::Method;
use crate::options::Correction;
use crate::posterior::columns::Source;
use crate::posterior::gaussian::GaussianHierarchy;
use crate::sampling::psis::reliable_below;
use std::fmt;

/// Rows of tasks shown in full; of more tasks only the first are shown.
const MOST_ROWS: usize = 120;
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
        self.solution.certificate.as_ref().map_or(Ok(()), |certificate| writeln!(f, "{certificate}"))?;
        self.locals(f)?;
        write!(f, "{}", self.table())?;
        let shape = &self.solution.shape;
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
            Some(worst) => writeln!(f, ", of {} by {:.2}", self.program.task_name(worst.task), worst.error),
            None => writeln!(f),
        }
    }

    /// Where the posterior comes from, and whether to believe it.
    fn belief(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Solution { climbed, trust, evidence, chains, times, absorbed, .. } = self.solution;
        let method = match trust.method {
            Correction::Importance => "importance-corrected",
            Correction::Chains => "chains'",
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
        if let Some(Chains { r_hat, draws, effective_sample_size, .. }) = chains {
            write!(f, ": R-hat {r_hat:.2}, effective draws {effective_sample_size:.0} of {draws}")?;
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

    fn table(&self) -> Table {
        let (program, solution) = (self.program, self.solution);
        let signature = program.signature();
        let gaussian = GaussianHierarchy::mean_field(&solution.climbed.guide);
        let draws = solution.draws_of(&gaussian);
        let guide = Source { guide: &solution.climbed.guide, gaussian: &gaussian, draws: &draws };
        let own = solution.source();
        let level = &solution.shape.global;
        let of_guide = guide.shown_globals(program, level);
        let globals = NamedLevel { level, sites: signature.global_sites, task: None };
        let mut table = Table::default();
        table.add(&globals, &own.shown_globals(program, level), Some(&of_guide));
        for i in 0..self.shown_tasks() {
            let level = program.task_level(&Start::Zero, i);
            let locals = NamedLevel { level: &level, sites: signature.local_sites, task: Some(program.task_name(i)) };
            let of_guide = guide.shown_locals(program, &level, i);
            table.add(&locals, &own.shown_locals(program, &level, i), Some(&of_guide));
        }
        table
    }
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

/// A time in milliseconds.
struct Milliseconds(std::time::Duration);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms", 1e3 * self.0.as_secs_f64())
    }
}
