//! A model warns of nothing, whatever names it uses and however its values are used.
#![deny(warnings, missing_docs, unreachable_pub, unused, nonstandard_style)]

use hierarch::prelude::*;

/// Names that the expansion might use itself.
pub mod hygiene {
    use hierarch::prelude::*;

    /// A task.
    pub struct Interpreter {
        /// A datum.
        pub local: f64,
    }

    model! {
        #[derive(Clone)]
        pub Site(i: &[Interpreter], schools: f64, num_tasks: usize) {
            global ~ Normal(schools, 1.0);
            local ~ Normal(0.0, 1.0);
            sample[k in 0..num_tasks] ~ Normal(local, 1.0);
            for task in i {
                interpreter ~ Normal(global, 1.0);
                #[expect(non_snake_case, reason = "one place where it is emitted is enough")]
                __Upper ~ Normal(interpreter, 1.0);
                __interpreter ~ Normal(__Upper, 1.0);
                __task ~ Normal(sample[0], 1.0);
                __global ~ Normal(__task, 1.0);
                __local ~ Normal(__global, 1.0);
                task.local ~ Normal(__interpreter + __local, 1.0);
            }
        }
    }

    model! {
        /// Discrete latents.
        pub Classes(i: &[Interpreter], shares: &[f64; 3]) {
            sum_out ~ Normal(0.0, 1.0);
            for task in i {
                of ~ Normal(sum_out, 1.0);
                /// A discrete latent.
                __interpreter ~ Bernoulli(0.5);
                f ~ Categorical(shares);
                for y in [task.local] {
                    r#match ~ BernoulliLogit(of);
                    y ~ Normal(of + (r#match * __interpreter) as f64, 1.0);
                }
                task.local ~ Normal(f as f64, 1.0);
            }
        }
    }

    model! {
        /// Chains of discrete latents.
        pub Chains(i: &[Interpreter], first: &[f64; 2]) {
            given_entry ~ Normal(0.0, 1.0);
            for task in i {
                /// A chain.
                __value[__interpreter in 0..2] ~ Markov(first, [[0.5, 0.5], [0.1, 0.9]]);
                r#match[t in 0..=1] ~ Markov([1.0], [[1.0]]);
                for (__chain, y) in [task.local].iter().enumerate() {
                    let of = __value[__chain] as f64;
                    y ~ Normal(given_entry + of, 1.0);
                }
                task.local ~ Normal(r#match[1] as f64, 1.0);
            }
        }
    }

    model! {
        /// A `Vec` and an `Option` of its own.
        pub(crate) Vec(r#type: &[f64]) {
            r#fn ~ Normal(0.0, 1.0);
            for y in r#type {
                y ~ Normal(r#fn, 1.0);
            }
        }
    }
}

/// Without the prelude, and inside a function.
pub fn inside(ys: &[f64]) -> usize {
    use hierarch::dist::Normal as N;
    hierarch::model! {
        #[allow(non_snake_case)]
        Inside(ys: &[f64], half: bool, limit: f64) {
            μ ~ N(0.0, 1.0);
            L[_ in 0..2] ~ N(μ, 1.0);
            let (first, second) = (L[0], L[1]);
            assert!(limit > 0.0, "limit {limit}");
            for i in 0..ys.len() {
                theta ~ N(first, 1.0);
                if half {
                    ys[i] ~ N(second, limit);
                } else {
                    ys[i] ~ N(theta, limit);
                }
            }
        }
    }
    hierarch::Model::num_tasks(&Inside::new(ys, true, 1.0))
}

fn main() {
    let tasks = [hygiene::Interpreter { local: 1.0 }];
    let fit = hygiene::Site::new(&tasks, 0.0, 2).clone().fit().expect("fits");
    let _ = fit.global().global.mean + fit.local(0).__interpreter.mean;
    let _ = hygiene::Vec::new(&[1.0]).fit().expect("fits").global().r#fn;
    let fit = hygiene::Chains::new(&tasks, &[0.2, 0.8]).fit().expect("fits");
    assert_eq!((fit.local(0).__value.len(), fit.local(0).r#match[1].len()), (2, 1));
    let fit = hygiene::Classes::new(&tasks, &[0.2, 0.3, 0.5]).fit().expect("fits");
    let _ = fit.local(0).__interpreter[1].mean + fit.local(0).y[0].r#match[0].mean;
    assert_eq!(inside(&[1.0, 2.0]), 2);
}
