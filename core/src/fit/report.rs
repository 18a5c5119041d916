//! The table that `{fit}` prints.

use crate::fit::{Evidence, Fit, Trust};
use crate::interpret::discover::{Discover, Level, Start};
use crate::model::{Latents, Model, Site};
use crate::optimize::climb::Ran;
use crate::options::Correction;
use crate::psis::reliable_below;
use crate::summary::Summary;
use std::fmt;

/// Rows of tasks shown in full; of more tasks only the first are shown.
const MOST_ROWS: usize = 120;
/// Entries of a vector shown in full; of a longer one only the first few are.
const MOST_ENTRIES: usize = 60;
const FEW_ENTRIES: usize = 10;

impl<M: Model> fmt::Display for Fit<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        writeln!(f)?;
        let names = self.row_names();
        let width = names.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0).max(8);
        writeln!(
            f,
            "{:width$} {:>10} {:>10} {:>10} {:>10} {:>10} {:>9} {:>10}",
            "", "mean", "sd", "5%", "50%", "95%", "mc error", "guide sd"
        )?;
        for (name, s, guide) in &names {
            writeln!(
                f,
                "{name:width$} {} {} {} {} {} {} {}",
                Number(s.mean),
                Number(s.sd),
                Number(s.q05),
                Number(s.q50),
                Number(s.q95),
                Small(s.mc_error),
                Number(guide.sd)
            )?;
        }
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
            "{} after {} {} steps, gradient norm {:.0e}, ELBO {:.3}, {}{}",
            if c.verdict.is_converged() { "converged" } else { "NOT CONVERGED" },
            c.iterations,
            c.optimiser,
            c.gradient_norm,
            c.elbo.total(),
            Milliseconds(self.times.climb),
            c.verdict.advice()
        )?;
        if c.draws > 0 && c.optimiser != Ran::Adam {
            let (draws, error) = self.draws_error();
            writeln!(f, "averaged over {draws} fixed draws; others would move a mean by {error:.2} guide sds")?;
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
        let Trust { is_reliable, is_doubtful, .. } = self.trust;
        let belief = match (is_reliable, is_doubtful) {
            (true, _) => "reliable",
            (_, true) => "DOUBTFUL",
            _ => "not checked",
        };
        write!(f, "{method} posterior, {belief}")?;
        // of weights that are not used the notes tell
        if let Some(e) = self.evidence.as_ref().filter(|_| self.trust.is_corrected()) {
            let Evidence { k_hat, effective_sample_size, draws, ln_evidence, ln_evidence_error, .. } = e;
            write!(f, ": k-hat {k_hat:.2}, effective draws {effective_sample_size:.0} of {draws}")?;
            if *k_hat < reliable_below(*draws) {
                write!(f, ", ln evidence {ln_evidence:.3} +- {ln_evidence_error:.3}")?;
            }
            write!(f, ", {}", Milliseconds(self.times.correction))?;
        }
        for note in &self.trust.notes {
            write!(f, "; {note}")?;
        }
        writeln!(f)?;
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

    /// Names, summaries, and those of the guide as it is.
    fn row_names(&self) -> Vec<(String, Summary, Summary)> {
        let guide = self.uncorrected(Correction::MeanField);
        let mut rows = Vec::new();
        rows_of::<M::Global>(&mut rows, M::GLOBAL_SITES, &self.shape.global, None, (&self.global(), &guide.global()));
        for i in 0..self.shown_tasks() {
            let level = self.task_level(i);
            rows_of::<M::Local>(&mut rows, M::LOCAL_SITES, &level, Some(i), (&self.local(i), &guide.local(i)));
        }
        rows
    }

    fn task_level(&self, i: usize) -> Level {
        let (mut global, mut local) = (Default::default(), Default::default());
        self.model.global(&mut Discover::new(&Start::Zero, None), &mut global);
        let mut visit = Discover::new(&Start::Zero, Some(i));
        self.model.local(&mut visit, &global, self.model.task(i), &mut local);
        visit.finish(M::LOCAL_SITES).0
    }
}

/// Names and summaries of one level: `tau`, `w[2]`, `theta[task 3]`.
fn rows_of<L: Latents>(
    rows: &mut Vec<(String, Summary, Summary)>,
    sites: &[Site],
    level: &Level,
    task: Option<usize>,
    (summaries, of_guide): (&L::Of<Summary>, &L::Of<Summary>),
) {
    let (mut flat, mut guide) = (Vec::new(), Vec::new());
    L::map(summaries, &mut Default::default(), |s: &Summary| flat.push(*s));
    L::map(of_guide, &mut Default::default(), |s: &Summary| guide.push(*s));
    for site in sites {
        let entries = level.values[site.id].clone();
        let single = entries.len() == 1;
        let shown = if entries.len() > MOST_ENTRIES { FEW_ENTRIES } else { entries.len() };
        for at in entries.clone().take(shown) {
            let entry = if single { String::new() } else { format!("[{}]", at - entries.start) };
            let task = task.map_or_else(String::new, |i| format!("  task {i}"));
            rows.push((format!("{}{entry}{task}", site.name), flat[at], guide[at]));
        }
    }
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
