//! Answers of fits without their models' types, and what they are held against.

use hierarch::fit::Times;
use hierarch::{Certificate, CertifyOptions, Chains, Error, Evidence, Fit, Fittable, Model, Options, Summary, Trust};

/// A model with its data, ready to be fitted.
pub type Job = Box<dyn Fn(&Options) -> Result<Box<dyn Answer>, Error>>;

/// The job of fitting what `make` makes.
pub fn job<M: Compared + 'static>(make: impl Fn() -> M + 'static) -> Job {
    Box::new(move |options| Ok(Box::new(make().fit_with(options)?)))
}

/// Data that live as long as the process.
pub fn kept<T: 'static>(data: Vec<T>) -> &'static [T] {
    Box::leak(data.into_boxed_slice())
}

/// A fit, whatever the model.
pub trait Answer {
    fn times(&self) -> Times;
    fn evidence(&self) -> Option<&Evidence>;
    fn trust(&self) -> &Trust;
    fn chains(&self) -> Option<&Chains>;
    fn certify(&self, options: &CertifyOptions) -> Result<Certificate, Error>;
    /// The latents' posterior by name: `tau`, `theta.3` of task 3, `w.3.1` its second entry.
    fn latents(&self) -> Vec<Named>;
}

impl<M: Compared> Answer for Fit<M> {
    fn times(&self) -> Times {
        self.times()
    }
    fn evidence(&self) -> Option<&Evidence> {
        self.evidence()
    }
    fn trust(&self) -> &Trust {
        self.trust()
    }
    fn chains(&self) -> Option<&Chains> {
        self.chains()
    }
    fn certify(&self, options: &CertifyOptions) -> Result<Certificate, Error> {
        self.certify(options)
    }
    fn latents(&self) -> Vec<Named> {
        M::latents(self)
    }
}

/// A model whose latents can be named.
pub trait Compared: Model + Sized {
    /// What a fit says of the globals, and of the latents of the first [`MOST_TASKS`] tasks.
    fn latents(fit: &Fit<Self>) -> Vec<Named>;
}

/// Tasks that are asked what they found.
pub const MOST_TASKS: usize = 400;

/// A latent's name and its posterior.
pub struct Named {
    pub name: String,
    pub summary: Summary,
}

/// A field of a struct of summaries.
pub trait Entries {
    /// Adds its numbers, named after `name`.
    fn name_all(&self, name: &str, named: &mut Vec<Named>);
}

impl Entries for Summary {
    fn name_all(&self, name: &str, named: &mut Vec<Named>) {
        named.push(Named { name: name.to_owned(), summary: *self });
    }
}

impl Entries for Vec<Summary> {
    fn name_all(&self, name: &str, named: &mut Vec<Named>) {
        for (k, summary) in self.iter().enumerate() {
            summary.name_all(&format!("{name}.{k}"), named);
        }
    }
}

/// Makes the latents of a model comparable: `compared!(EightSchools: mu tau; theta);`, those of a task behind the semicolon.
macro_rules! compared {
    ($model:ident: $($global:ident)*; $($local:ident)*) => {
        impl $crate::panel_rows::answer::Compared for $model<'_> {
            fn latents(fit: &hierarch::Fit<Self>) -> Vec<$crate::panel_rows::Named> {
                use $crate::panel_rows::answer::{Entries, MOST_TASKS};
                let mut named = Vec::new();
                let global = fit.global();
                $(global.$global.name_all(stringify!($global), &mut named);)*
                for i in 0..hierarch::Model::num_tasks(fit.model()).min(MOST_TASKS) {
                    let _local = fit.local(i);
                    $(_local.$local.name_all(&format!("{}.{i}", stringify!($local)), &mut named);)*
                }
                named
            }
        }
    };
}
pub(crate) use compared;

/// The mean and the standard deviation that a latent should have.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    pub name: String,
    pub mean: f64,
    pub sd: f64,
}

impl Expected {
    pub fn new(name: impl Into<String>, mean: f64, sd: f64) -> Self {
        Self { name: name.into(), mean, sd }
    }

    /// Those of each task, of which `name` is one latent.
    pub fn of_tasks(name: &str, means: &[f64], sds: &[f64]) -> Vec<Self> {
        let of_task = |(i, (mean, sd)): (usize, (&f64, &f64))| Self::new(format!("{name}.{i}"), *mean, *sd);
        means.iter().zip(sds).enumerate().map(of_task).collect()
    }

    /// From lines of name, mean and standard deviation; what is behind `#` is a comment.
    pub fn read(text: &str) -> Vec<Self> {
        let number = |word: Option<&str>| word.and_then(|word| word.parse().ok()).expect("a number");
        let line = |line: &str| {
            let mut words = line.split_whitespace();
            Self::new(words.next().expect("a name"), number(words.next()), number(words.next()))
        };
        text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).map(line).collect()
    }
}

/// The worst errors of an answer, and which latents have them.
pub struct Off {
    /// Of a mean, in standard deviations of the reference.
    pub mean: Worst,
    /// Of a standard deviation, in percent.
    pub sd: Worst,
}

/// The largest error of any latent.
#[derive(Default)]
pub struct Worst {
    pub error: f64,
    pub name: String,
}

impl Worst {
    fn see(&mut self, error: f64, name: &str) {
        // NaN is worse than any number
        if !(error <= self.error || self.error.is_nan()) {
            *self = Self { error, name: name.to_owned() };
        }
    }
}

impl Off {
    /// How far `found` is from what is expected.
    ///
    /// # Panics
    /// If a latent that is expected was not found.
    pub fn of(found: &[Named], expected: &[Expected]) -> Self {
        let mut off = Self { mean: Worst::default(), sd: Worst::default() };
        for Expected { name, mean, sd } in expected {
            let found = found.iter().find(|found| found.name == *name);
            let Summary { mean: found_mean, sd: found_sd, .. } =
                found.unwrap_or_else(|| panic!("the model has no latent `{name}`")).summary;
            off.mean.see((found_mean - mean).abs() / sd, name);
            off.sd.see(100.0 * (found_sd / sd - 1.0).abs(), name);
        }
        off
    }
}
