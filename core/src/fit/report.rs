//! The table that `{fit}` prints.

use crate::fit::{Evidence, Fit, Trust};
use crate::interpret::discover::{Discover, Level, Start};
use crate::model::{Latents, Model, Site};
use crate::optimize::climb::Ran;
use crate::options::Correction;
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
        self.head(f)?;
        table(f, &self.rows())?;
        let vectors = M::GLOBAL_SITES.iter().map(|site| (site, self.shape.global.values[site.id].len()));
        for (site, len) in vectors.filter(|(_, len)| *len > MOST_ENTRIES) {
            writeln!(f, "... and {} entries more of {}: `fit.global()`", len - FEW_ENTRIES, site.name)?;
        }
        let hidden = self.model.num_tasks() - self.shown_tasks();
        if hidden > 0 {
            writeln!(f, "... and {hidden} tasks more: `fit.local(i)`")?;
        }
        Ok(())
    }
}

impl<M: Model> Fit<M> {
    fn head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = &self.climbed;
        writeln!(
            f,
            "{} after {} {} steps of {}, gradient norm {:.0e}, ELBO {:.3}, {}{}",
            if c.verdict.is_converged() { "converged" } else { "NOT CONVERGED" },
            c.iterations,
            c.optimiser,
            if c.locals.is_some() { "theta" } else { "a mean-field guide" },
            c.gradient_norm,
            c.elbo.total(),
            Milliseconds(self.times.climb),
            c.verdict.advice()
        )?;
        if c.draws > 0 && c.optimiser != Ran::Adam {
            let (draws, error) = self.draws_error();
            write!(f, "averaged over {draws} fixed draws; others would move a mean by {error:.2} guide sds")?;
            match c.worst_task.filter(|(_, by)| *by > 2.0 * error) {
                Some((i, by)) => writeln!(f, ", of task {i} by {by:.2}")?,
                None => writeln!(f)?,
            }
        }
        let method = match self.trust.method {
            Correction::Importance => "importance-corrected",
            Correction::LinearResponse => "linear-response",
            _ => match &c.locals {
                Some(locals) if locals.is_exact => "full-covariance",
                Some(_) => "Laplace, full-covariance",
                None => "mean-field",
            },
        };
        write!(f, "{method} posterior, {}", belief(&self.trust))?;
        // of weights that are not used the notes tell
        if let Some(e) = self.evidence.as_ref().filter(|_| self.trust.is_corrected()) {
            let Evidence { k_hat, effective_sample_size, draws, ln_evidence, ln_evidence_error, .. } = e;
            write!(f, ": k-hat {k_hat:.2}, effective draws {effective_sample_size:.0} of {draws}")?;
            if *k_hat < reliable_below(*draws) {
                write!(f, ", ln evidence {ln_evidence:.3} +- {ln_evidence_error:.3}")?;
            }
            write!(f, ", {}", Milliseconds(self.times.correction))?;
        }
        notes(f, &self.trust)?;
        if self.absorbed > 0 {
            writeln!(f, "absorbed since: {} task{}", self.absorbed, if self.absorbed == 1 { "" } else { "s" })?;
        }
        if let Some(locals) = &c.locals {
            let kind = if locals.is_exact { "exact" } else { "a Laplace approximation" };
            writeln!(f, "locals: full covariance given theta, {kind}")?;
        }
        let non_centred: Vec<_> = self.non_centred().collect();
        if !non_centred.is_empty() {
            writeln!(f, "non-centred: {}", non_centred.join(", "))?;
        }
        Ok(())
    }

    fn shown_tasks(&self) -> usize {
        let rows = self.shape.most_values.max(1);
        self.model.num_tasks().min((MOST_ROWS / rows).max(1))
    }

    fn rows(&self) -> Vec<Row> {
        let guide = self.uncorrected(Correction::MeanField);
        let mut rows = Vec::new();
        let (own, of_guide) = (self.global(), guide.global());
        Row::push_level::<M::Global>(&mut rows, M::GLOBAL_SITES, (&self.shape.global, None), (&own, Some(&of_guide)));
        for i in 0..self.shown_tasks() {
            let level = task_level(&self.model, &Start::Zero, self.model.task(i));
            let (own, of_guide) = (self.local(i), guide.local(i));
            Row::push_level::<M::Local>(&mut rows, M::LOCAL_SITES, (&level, Some(i)), (&own, Some(&of_guide)));
        }
        rows
    }
}

/// What the latents of a task look like.
pub(crate) fn task_level<M: Model>(model: &M, start: &Start, task: &M::Task) -> Level {
    let (mut global, mut local) = (Default::default(), Default::default());
    model.global(&mut Discover::new(start, None), &mut global);
    let mut visit = Discover::new(start, None);
    model.local(&mut visit, &global, task, &mut local);
    visit.finish(M::LOCAL_SITES).0
}

/// A row of a table: a number's name, its summary, and that of the guide as it is.
pub(crate) struct Row {
    name: String,
    summary: Summary,
    guide: Option<Summary>,
}

impl Row {
    /// Adds a row for each number of a level, of the task of that number: `tau`, `w[2]`, `theta  task 3`.
    pub(crate) fn push_level<L: Latents>(
        rows: &mut Vec<Self>,
        sites: &[Site],
        (level, task): (&Level, Option<usize>),
        (summaries, of_guide): (&L::Of<Summary>, Option<&L::Of<Summary>>),
    ) {
        let flat = |of: &L::Of<Summary>| {
            let mut flat = Vec::new();
            L::map(of, &mut Default::default(), |s: &Summary| flat.push(*s));
            flat
        };
        let (summaries, of_guide) = (flat(summaries), of_guide.map(flat));
        for site in sites {
            let entries = level.values[site.id].clone();
            let single = entries.len() == 1;
            let shown = if entries.len() > MOST_ENTRIES { FEW_ENTRIES } else { entries.len() };
            for at in entries.clone().take(shown) {
                let entry = if single { String::new() } else { format!("[{}]", at - entries.start) };
                let task = task.map_or_else(String::new, |i| format!("  task {i}"));
                let name = format!("{}{entry}{task}", site.name);
                rows.push(Self { name, summary: summaries[at], guide: of_guide.as_ref().map(|guide| guide[at]) });
            }
        }
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
            #[allow(clippy::cast_possible_truncation)]
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
