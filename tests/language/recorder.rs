//! An interpreter over plain numbers: latents take prescribed values, every call is written down.

use hierarch::model::{Datum, Interpreter, Model, Of, Site, VectorDatum};
use hierarch::prelude::*;
use hierarch::support::VectorSupport;

/// A visit of a site. `ln_density` is its distribution's, which tells the parameters; 0 where there is none.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) site: &'static str,
    pub(crate) value: f64,
    pub(crate) ln_density: f64,
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        let close = |a: f64, b: f64| (a.is_nan() && b.is_nan()) || (a - b).abs() < 1e-12;
        self.site == other.site && close(self.value, other.value) && close(self.ln_density, other.ln_density)
    }
}

/// All calls of a model, when its latents take `values` one after the other.
pub(crate) fn record<M: Model>(model: &M, values: &[f64]) -> Vec<Call> {
    let mut recorder = Recorder { values: values.to_vec(), calls: Vec::new(), states: 0 };
    let mut global: Of<M::Global, Recorder> = Default::default();
    model.global(&mut recorder, &mut global);
    for i in 0..model.num_tasks() {
        let mut local: Of<M::Local, Recorder> = Default::default();
        model.local(&mut recorder, &global, model.task(i), &mut local);
        model.likelihood(&mut recorder, &global, &local, model.task(i));
    }
    assert!(recorder.values.is_empty(), "all values are used");
    recorder.calls
}

pub(crate) fn normal(loc: f64, scale: f64) -> Normal<f64, f64> {
    Normal(loc, scale)
}

pub(crate) fn sampled(site: &'static str, value: f64, dist: impl Distribution<f64> + Copy) -> Call {
    scored(site, value, &dist)
}

/// A missing datum is written NaN.
pub(crate) fn observed(site: &'static str, value: f64, dist: impl Distribution<f64> + Copy) -> Call {
    sampled(site, value, dist)
}

pub(crate) fn factor(value: f64) -> Call {
    Call { site: "factor", value, ln_density: 0.0 }
}

fn scored(site: &'static str, value: f64, dist: &impl Distribution<f64>) -> Call {
    Call { site, value, ln_density: dist.ln_density(value).value() }
}

struct Recorder {
    values: Vec<f64>,
    calls: Vec<Call>,
    /// How many values an entry of the chain that is visited has.
    states: usize,
}

impl Interpreter for Recorder {
    type N = f64;

    fn sample<D: hierarch::dist::ContinuousDistribution<f64>>(&mut self, site: &Site, dist: D) -> Real<f64> {
        let value = self.values.remove(0);
        self.calls.push(scored(site.name, value, &dist));
        Real(value)
    }

    fn sample_vector<D: VectorDistribution<f64>>(&mut self, site: &Site, dist: D, out: &mut Vec<Real<f64>>) {
        out.clear();
        for _ in 0..dist.support().len() {
            let value = self.values.remove(0);
            self.calls.push(Call { site: site.name, value, ln_density: 0.0 });
            out.push(Real(value));
        }
    }

    fn observe<D: Distribution<f64>>(&mut self, site: &Site, datum: impl Datum, dist: D) {
        self.calls.push(scored(site.name, datum.datum().unwrap_or(f64::NAN), &dist));
    }

    fn observe_vector<D: VectorDistribution<f64>>(&mut self, site: &Site, datum: impl VectorDatum, _: D) {
        for &value in datum.data().as_deref().expect("no missing vectors here") {
            self.calls.push(Call { site: site.name, value, ln_density: 0.0 });
        }
    }

    fn factor(&mut self, site: &Site, term: Real<f64>) {
        self.calls.push(Call { site: site.name, value: term.value(), ln_density: 0.0 });
    }

    /// A call for each value, with its mass, before those of the term.
    fn sum_out<D: hierarch::dist::FiniteDistribution<f64>>(
        &mut self,
        site: &Site,
        sum: &Site,
        dist: D,
        body: impl Fn(&mut Self, usize),
    ) {
        assert_eq!(site.name, sum.name);
        for value in 0..dist.num_values() {
            self.calls.push(scored(site.name, value as f64, &dist));
            body(self, value);
        }
    }

    /// A call with the chain's length, before those of its body.
    fn sum_chain<D: hierarch::dist::ChainDistribution<f64>>(
        &mut self,
        site: &Site,
        sum: &Site,
        chain: hierarch::model::Chain<D>,
        body: impl Fn(&mut Self),
    ) {
        assert_eq!(site.name, sum.name);
        self.calls.push(Call { site: site.name, value: chain.len as f64, ln_density: 0.0 });
        self.states = chain.dist.num_states();
        body(self);
    }

    /// A call with the entry for each value, before those of the term.
    fn given_entry(&mut self, t: usize, body: impl Fn(&mut Self, usize)) {
        for state in 0..self.states {
            self.calls.push(Call { site: "given", value: t as f64, ln_density: 0.0 });
            body(self, state);
        }
    }
}
