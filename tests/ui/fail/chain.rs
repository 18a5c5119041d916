use hierarch::prelude::*;

model! {
    Mistaken(series: &[Vec<f64>], step: &[[f64; 2]; 2]) {
        season[t in 0..4] ~ Markov([0.5, 0.5], step);
        stay ~ Beta(1.0, 1.0);
        for ys in series {
            alone ~ Markov([0.5, 0.5], step);
            trend[t in 0..ys.len()] ~ Markov([0.5, 0.5], &[[1.0, 0.0], [0.0, t as f64]]);
            state[t in 0..ys.len()] ~ Markov([stay, 1.0 - stay], step);
            own ~ Normal(state[0] as f64, 1.0);
            let mut at = 0;
            let mut sum = 0.0;
            for (t, y) in ys.iter().enumerate() {
                y ~ Normal((state[t] + state[t - 1]) as f64, 1.0);
                let before = state[0];
                if before == 0 {
                    y ~ Normal(state[t] as f64, 1.0);
                }
                y ~ Normal(state[at] as f64, 1.0);
                sum += state[t] as f64;
                at += 1;
                ys[state[t]] ~ Normal(0.0, 1.0);
            }
            for state in &state {
                factor(state * stay);
            }
            factor(state.len() as f64 * stay);
            for k in 0..ys.len() {
                factor(own * vec![state[k]][0] as f64 + sum);
            }
        }
        factor(state[0] as f64 * stay);
    }
}

model! {
    Two(series: &[Vec<f64>]) {
        mean ~ Normal(0.0, 1.0);
        for ys in series {
            one[t in 0..ys.len()] ~ Markov([0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]]);
            other[t in 0..ys.len()] ~ Markov([0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]]);
            for (t, y) in ys.iter().enumerate() {
                y ~ Normal(mean + (one[t] + other[t]) as f64, 1.0);
                let first = one[0];
                for k in 0..2 {
                    y ~ Normal(mean + first as f64, 1.0);
                    y ~ Normal(mean + one[k] as f64, 1.0);
                }
                let one_of_t = one[t];
                let t = 1;
                y ~ Normal(mean + (one_of_t * one[t]) as f64, 1.0);
            }
        }
    }
}

fn main() {}
