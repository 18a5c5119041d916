//! The `model!` macro of the `hierarch` crate. [`model!`](macro@model) is the manual of its language.
//!
//! A small compiler: `parse` (syntax errors) -> `ast` -> `check` (errors of meaning) -> `facts` -> `lower` (or
//! `fallback`, after an error) -> `emit`.

mod ast;
mod check;
mod emit;
mod errors;
mod facts;
mod fallback;
mod lifetimes;
mod lints;
mod lower;
mod names;
mod parse;
mod source;

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// A hierarchical model: a generative process as code, with its data as arguments.
///
/// ```
/// use hierarch::prelude::*;
///
/// pub struct School {
///     pub effect: f64,
///     pub std_error: f64,
/// }
///
/// model! {
///     /// Eight parallel coaching experiments (Rubin 1981).
///     pub EightSchools(schools: &[School]) {
///         /// Mean effect of coaching.
///         mu ~ Normal(0.0, 5.0);
///         tau ~ HalfCauchy(5.0);
///         for school in schools {
///             theta ~ Normal(mu, tau);
///             school.effect ~ Normal(theta, school.std_error);
///         }
///     }
/// }
///
/// let schools = [School { effect: 28.0, std_error: 15.0 }, School { effect: 8.0, std_error: 10.0 }];
/// let fit = EightSchools::new(&schools).fit()?;
/// println!("{fit}");
/// # Ok::<(), hierarch::Error>(())
/// ```
///
/// # What comes of it
///
/// `Name(arg: Type, ...) { ... }` makes
///
/// - the struct `Name`, with the visibility, attributes, docs and generics that are written, and `Name::new(arg, ...)`;
/// - `NameGlobal<R>`, one public field a latent outside the plate, and `NameLocal<R>`, one a latent in it: the results are
///   of these types, with `R = f64` for a draw. A vector of latents is a `Vec<R>`. A level without latents has no struct, and
///   a nested plate one of its own;
/// - `impl Model for Name`, the model itself.
///
/// Lifetimes in the types of arguments may be left out: all data are borrowed for one lifetime `'data`. In the body an
/// argument that is a reference or a plain number is the value itself; any other is a reference to it.
///
/// # Latents
///
/// `name ~ distribution;` with a fresh name declares a latent. It is known from there on, and to be used as a number.
///
/// `name[k in 0..len] ~ distribution;` declares a vector of latents of the same distribution, which may depend on `k`. From
/// there on it is a slice. In the distribution `name` is the slice of the entries before `k`, so that they can form a chain:
///
/// ```
/// # use hierarch::prelude::*;
/// model! {
///     pub RandomWalk(ys: &[f64]) {
///         step ~ HalfNormal(1.0);
///         level[t in 0..ys.len()] ~ Normal(if t == 0 { Real::constant(0.0) } else { level[t - 1] }, step);
///         for (t, y) in ys.iter().enumerate() {
///             y ~ Normal(level[t], 0.5);
///         }
///     }
/// }
/// ```
///
/// The length depends on data and constants, and may differ from task to task. A distribution over vectors gives a vector
/// without an index: `MultivariateNormal`, `Dirichlet`, `LkjCholesky` and `Flat(Ordered(3))` (or `Flat` on any other support
/// of vectors, written in place) as they are, your own where you write `name[..] ~ ...`.
///
/// ```
/// # use hierarch::prelude::*;
/// # use hierarch::dist::VectorDistribution;
/// # fn my_dirichlet() -> Dirichlet<[f64; 3]> { Dirichlet([1.0, 2.0, 3.0]) }
/// model! {
///     pub Shares(votes: &[[f64; 3]]) {
///         shares ~ Dirichlet([1.0, 1.0, 1.0]);
///         others[..] ~ my_dirichlet();
///         cuts ~ Flat(Ordered(3));
///         factor(-0.5 * (cuts[2] - cuts[0]));
///         for vote in votes {
///             vote[..] ~ MultivariateNormal(&[shares[0], shares[1], others[2]], Diagonal([1.0, 1.0, 1.0]));
///         }
///     }
/// }
/// ```
///
/// A latent is continuous, but for those of a plate that are [summed out](#discrete-latents). Each latent is declared once, and
/// reached once: not under `if`, and not in a `while`.
///
/// # Observations
///
/// `place ~ distribution;` with data on the left, an argument, a variable of a loop or `let`, or a field, element or method
/// call of one, is an observation. Data are numbers, truth values, or `Option`s of these; `None` is missing: it adds
/// nothing to the likelihood, and `predict` predicts it. `place[..] ~ distribution;` observes a vector.
///
/// What is not seen as it is has words of its own: `Censored` and `Truncated` values, `Shifted` ones, as in
/// `time ~ Shifted(LogNormal(m, s), shift)` with a latent `shift`, counts with zeros of their own by `ZeroInflated` and
/// `Hurdle`, ordered categories by `OrderedLogistic`.
///
/// `factor(term);` adds any term to the log density, of which `predict` knows nothing.
///
/// # The plate
///
/// One `for` at the top level of the model is the plate: its turns are the tasks, its latents are those of a task, drawn
/// anew for each. It runs over an argument (a slice, `Vec` or array; `tasks`, `&tasks` or `tasks.iter()`), or over a range of
/// numbers that index the data:
///
/// ```
/// # use hierarch::prelude::*;
/// model! {
///     pub Counts(counts: &[u64], exposures: &[f64]) {
///         mu ~ Normal(0.0, 2.0);
///         sigma ~ HalfNormal(1.0);
///         let n = counts.len();
///         for i in 0..n {
///             ln_rate ~ Normal(mu, sigma);
///             counts[i] ~ PoissonLog(ln_rate + exposures[i].ln());
///         }
///     }
/// }
/// # assert_eq!(hierarch::Model::num_tasks(&Counts::new(&[1, 2], &[1.0, 1.0])), 2);
/// ```
///
/// The `for` that declares latents is the plate. If none does, the only `for` with observations is, where it can be: when
/// its list is as above and it changes no variable from outside. Any other `for` is an ordinary loop. A model without a
/// plate is p(theta) p(D | theta).
///
/// # Nested plates
///
/// A `for` in the plate that declares latents is a nested plate: pupils in schools in areas. Its latents are drawn anew for
/// each of its turns, of which any task may have any number. Plates nest to any depth:
///
/// ```
/// use hierarch::prelude::*;
///
/// pub struct School {
///     pub scores: Vec<f64>,
/// }
///
/// pub struct Area {
///     pub schools: Vec<School>,
/// }
///
/// model! {
///     pub Scores(areas: &[Area]) {
///         mean ~ Normal(0.0, 10.0);
///         sd_area ~ HalfNormal(5.0);
///         sd_school ~ HalfNormal(5.0);
///         sd ~ HalfNormal(5.0);
///         for area in areas {
///             a ~ Normal(mean, sd_area);
///             for school in &area.schools {
///                 s ~ Normal(a, sd_school);
///                 for score in &school.scores {
///                     score ~ Normal(s, sd);
///                 }
///             }
///         }
///     }
/// }
///
/// let school = |scores: &[f64]| School { scores: scores.to_vec() };
/// let areas = [
///     Area { schools: vec![school(&[4.0, 5.0]), school(&[6.0])] },
///     Area { schools: vec![school(&[3.0, 2.5, 3.5])] },
/// ];
/// let fit = Scores::new(&areas).fit()?;
/// println!("{}", fit.local(0).schools[1].s.mean);
/// # Ok::<(), hierarch::Error>(())
/// ```
///
/// The results have a list of structs, `NameSchools<R>`, called after the field or method that the `for` runs over (after its
/// variable, if it runs over a mere variable). It may run over anything that a `for` can. A table of rows becomes areas of
/// schools by [`grouped`](../hierarch/tasks/fn.grouped.html) and [`nested`](../hierarch/tasks/struct.Groups.html#method.nested),
/// with the labels of every level in the results. A latent of a turn is not known outside its `for`; a new
/// school of a known area is asked for by `fit.readapt(i, &area)`.
///
/// # Discrete latents
///
/// In the plate, or in a nested plate, a latent may have finitely many values, 0, 1, ...: `Categorical`, `Bernoulli`,
/// `Binomial` and their kin, named where the latent is declared. From there on it is a `usize`, an index say, or what an
/// `if` or `match` decides by:
///
/// ```
/// use hierarch::prelude::*;
///
/// model! {
///     /// Lines through the points of each task, of two kinds.
///     pub Lines(tasks: &[Vec<(f64, f64)>]) {
///         steep ~ Beta(2.0, 2.0);
///         slope ~ Flat(Ordered(2));
///         factor(-0.5 * (slope[0].square() + slope[1].square()));
///         sd ~ HalfNormal(1.0);
///         for task in tasks {
///             kind ~ Bernoulli(steep);
///             for &(x, y) in task {
///                 y ~ Normal(slope[kind] * x, sd);
///             }
///         }
///     }
/// }
///
/// let tasks = [vec![(1.0, 0.9), (2.0, 2.3)], vec![(1.0, 0.1), (2.0, -0.2)], vec![(1.0, 1.2)]];
/// let fit = Lines::new(&tasks).fit()?;
/// assert!(fit.local(0).kind[1].mean > 0.8 && fit.local(1).kind[1].mean < 0.2);
/// # Ok::<(), hierarch::Error>(())
/// ```
///
/// It is summed out: what depends on it, directly or through `let`, is evaluated for each of its values, and
///
/// ln p(rest) += ln sum_k p(k) p(what depends on it | k).
///
/// In the results it is a vector of the probabilities of its values. Predictions draw it, given the task's data where they
/// are made from those. Of two discrete latents of which a statement needs both, or one needs the other, the sums stand
/// within each other, over 1,024 combinations of values at most; any others are summed each for itself.
///
/// The same data must be observed under each value, be it by other statements, and a variable that depends on it be declared
/// after it. No continuous latent may depend on it: give that latent a `Mixture` as its distribution. Where values are alike
/// but for their numbers, as components of a mixture are, let an `Ordered` vector or a prior tell which is which.
///
/// # Hidden states
///
/// `state[t in 0..n] ~ Markov(&first, &step);` in the plate, or in a nested plate, is a chain of discrete latents: the first has
/// the probabilities `first`, a vector of K numbers, and each other one those of the row of `step`, K rows of K numbers, that the
/// one before it has the number of. Rows may be latents or data, `&[stay, go]` or a `Vec<Vec<f64>>`:
///
/// ```
/// use hierarch::prelude::*;
///
/// model! {
///     /// Series of measurements of something that is on or off.
///     pub Switches(series: &[Vec<Option<f64>>]) {
///         off ~ Dirichlet([9.0, 1.0]);
///         on ~ Dirichlet([1.0, 9.0]);
///         level ~ Flat(Ordered(2));
///         factor(-0.5 * (level[0].square() + (level[1] - 3.0).square()));
///         sd ~ HalfNormal(1.0);
///         for ys in series {
///             state[t in 0..ys.len()] ~ Markov([0.5, 0.5], &[off, on]);
///             for (t, y) in ys.iter().enumerate() {
///                 y ~ Normal(level[state[t]], sd);
///             }
///         }
///     }
/// }
///
/// let series = [vec![0.1, 0.3, 2.8, 3.1], vec![3.3, 2.9, 2.7], vec![-0.2, 0.2, 0.0, -0.1, 3.0]];
/// let mut series = series.map(|ys| ys.into_iter().map(Some).collect::<Vec<_>>());
/// series[1].push(None);
/// let fit = Switches::new(&series).fit()?;
/// assert!(fit.local(0).state[1][0].mean > 0.9 && fit.local(0).state[2][1].mean > 0.9);
/// println!("{}", fit.predict(1)?[0].summary); // a forecast
/// # Ok::<(), hierarch::Error>(())
/// ```
///
/// All paths are summed over, in n K^2 operations. `fit.local(i).state[t]` holds the K probabilities of an entry given all data
/// of its task, the earlier ones and the later ones. Predictions draw a path given the data where they are made from those.
///
/// A statement depends on one entry at most, which it looks up as `state[t]`, by an index that data tell: the number of a turn, or
/// what `.enumerate()` counts. Where it needs two, let the states be pairs of states. What depends on an entry through `let` is
/// bound in the same block. The probabilities are the same for all entries, and a discrete latent that the same statements depend
/// on is declared before the chain. An index beyond the end is an [`Error::Entry`](../hierarch/enum.Error.html#variant.Entry).
///
/// # Everything else is Rust
///
/// `let` computes with data and latents, helper functions are generic over `N: Number`, and `for`, `if`, `match` over data may
/// enclose observations:
///
/// ```
/// use hierarch::prelude::*;
///
/// pub struct Patient {
///     pub dose: f64,
///     pub smoker: bool,
///     pub visits: Vec<(f64, Option<f64>)>,
/// }
///
/// fn line<N: Number>(a: Real<N>, b: Real<N>, x: f64) -> Real<N> {
///     a + b * x
/// }
///
/// model! {
///     pub Growth(patients: &[Patient], df: f64) {
///         slope ~ Normal(0.0, 1.0);
///         smoking ~ Normal(0.0, 1.0);
///         sigma ~ HalfNormal(1.0);
///         for patient in patients {
///             start ~ Normal(slope * patient.dose, 1.0);
///             let shift = if patient.smoker { smoking } else { Real::constant(0.0) };
///             for &(time, y) in &patient.visits {
///                 let mean = line(start + shift, slope, time);
///                 if time > 1.0 {
///                     y ~ Normal(mean, sigma);
///                 } else {
///                     y ~ StudentT(df, mean, sigma);
///                 }
///             }
///         }
///     }
/// }
/// ```
///
/// A statement is computed in each part of the model that needs it, and nowhere else: a `let` that only the likelihood uses
/// costs the prior nothing.
///
/// Variables may be called anything, `i`, `global` or `task` included. Latents are variables too: assign to none.
/// A latent that nothing uses earns a warning; `_name`, or `#[allow(unused)]` or `#[expect(unused)]` on the site, says that it
/// is meant. So does a
/// vector of latents in which each row looks up the entry of its group, as in `a[group[i]]`, in a model without a plate: the
/// groups are the tasks that it wants. `#[not_a_plate]` on the site says that a vector is meant.
///
/// # Numbers
///
/// A latent is a [`Real`](../hierarch/number/struct.Real.html): beside the operators it has `exp`, `ln`, `sqrt`, `powi`,
/// `sigmoid`, `normal_cdf` and more. On its right stands any number, `slope * row.x` with an `f64`, an `f32` or a whole
/// number; on its left an `f64`, a literal (`2 * tau`, `1.0 - p`) or another latent. `dot(&beta, &row.x)` is the inner
/// product, `sum(...)` adds up what an iterator gives, and `dense(&w, &b, &x)` is a layer of a network, of latents or of data.
#[proc_macro]
pub fn model(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(input.into()).into()
}

fn expand(input: TokenStream) -> TokenStream {
    let mut errors = errors::Errors::default();
    let mut model = match parse::model(input, &mut errors) {
        Ok(model) => model,
        Err(error) => return error.to_compile_error(),
    };
    lifetimes::name_elided(&mut model);
    let facts = check::check(&mut model, &mut errors);
    let plan = if errors.is_empty() { lower::lower(&model, &facts) } else { fallback::fallback(&model, &facts) };
    let (items, errors) = (emit::emit(&plan, core_crate()), errors.into_compile_error());
    quote!(#items #errors)
}

/// The path of the core crate, by whatever name the user depends on it.
fn core_crate() -> TokenStream {
    let name = match crate_name("hierarch") {
        Ok(FoundCrate::Name(name)) => name,
        Ok(FoundCrate::Itself) | Err(_) => "hierarch".to_owned(),
    };
    let name = Ident::new(&name, Span::mixed_site());
    quote!(::#name)
}
