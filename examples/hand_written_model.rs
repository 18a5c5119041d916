#![allow(missing_docs)]
//! Eight schools without the macro: what `model!` expands to. The same bits come out.
//!
//! cargo run --release --example hand_written_model

use hierarch::dual::Width;
use hierarch::model::{Field, Interpreter, Latents, Model, Of, Site, Value};
use hierarch::prelude::*;

/// The same model in the language of the macro, with its data.
#[path = "eight_schools.rs"]
#[expect(dead_code, unreachable_pub, reason = "a program of its own, of which the data serve here")]
mod eight_schools;

pub use eight_schools::{SCHOOLS, School};

/// The model with its data.
pub struct EightSchools<'data> {
    schools: &'data [School],
}

/// The latents that all schools share.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EightSchoolsGlobal<R> {
    pub mu: R,
    pub tau: R,
}

/// The latents of one school.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EightSchoolsLocal<R> {
    pub theta: R,
}

impl Latents for EightSchoolsGlobal<()> {
    type Of<R: Value> = EightSchoolsGlobal<R>;

    #[inline(always)]
    fn map<R: Value, S: Value>(from: &Self::Of<R>, to: &mut Self::Of<S>, mut f: impl FnMut(&R) -> S) {
        Field::map_into(&from.mu, &mut to.mu, &mut f);
        Field::map_into(&from.tau, &mut to.tau, &mut f);
    }
}

impl Latents for EightSchoolsLocal<()> {
    type Of<R: Value> = EightSchoolsLocal<R>;

    #[inline(always)]
    fn map<R: Value, S: Value>(from: &Self::Of<R>, to: &mut Self::Of<S>, mut f: impl FnMut(&R) -> S) {
        Field::map_into(&from.theta, &mut to.theta, &mut f);
    }
}

impl<'data> EightSchools<'data> {
    pub fn new(schools: &'data [School]) -> Self {
        Self { schools }
    }

    const fn site(name: &'static str, id: usize) -> Site {
        Site { name, id, file: "", line: 0 }
    }
}

impl Model for EightSchools<'_> {
    type Global = EightSchoolsGlobal<()>;
    type Local = EightSchoolsLocal<()>;
    type Task = School;

    type GlobalLanes = Width<2>;
    type LocalLanes = Width<3>;
    type LikelihoodLanes = Width<1>;

    const GLOBAL_SITES: &'static [Site] = &[Self::site("mu", 0), Self::site("tau", 1)];
    const LOCAL_SITES: &'static [Site] = &[Self::site("theta", 0)];
    const OBSERVED_SITES: &'static [Site] = &[Self::site("school.effect", 0)];
    const LOCAL_READS: &'static [usize] = &[0, 1];
    const LIKELIHOOD_READS: &'static [usize] = &[];
    const HAS_PLATE: bool = true;

    fn num_tasks(&self) -> usize {
        self.schools.len()
    }

    fn task(&self, i: usize) -> &School {
        &self.schools[i]
    }

    #[inline(always)]
    fn global<I: Interpreter>(&self, i: &mut I, global: &mut Of<Self::Global, I>) {
        global.mu = i.sample(&Self::GLOBAL_SITES[0], Normal(0.0, 5.0));
        global.tau = i.sample(&Self::GLOBAL_SITES[1], HalfCauchy(5.0));
    }

    #[inline(always)]
    fn local<I: Interpreter>(
        &self,
        i: &mut I,
        global: &Of<Self::Global, I>,
        _school: &School,
        local: &mut Of<Self::Local, I>,
    ) {
        local.theta = i.sample(&Self::LOCAL_SITES[0], Normal(global.mu, global.tau));
    }

    #[inline(always)]
    fn likelihood<I: Interpreter>(
        &self,
        i: &mut I,
        _global: &Of<Self::Global, I>,
        local: &Of<Self::Local, I>,
        school: &School,
    ) {
        i.observe(&Self::OBSERVED_SITES[0], school.effect, Normal(local.theta, school.std_error));
    }
}

fn main() -> Result<(), hierarch::Error> {
    let fit = EightSchools::new(&SCHOOLS).fit()?;
    print!("{fit}");
    Ok(())
}
