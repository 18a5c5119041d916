//! probe
use hierarch::prelude::*;
use hierarch::{AdamOptions, EncoderFit, Estimator, GlobalFactor, Mlp, Optimiser, Options};
use std::time::Instant;

pub type Image = Vec<bool>;

model! {
    pub Digits(images: &[Image], latents: usize, hidden: usize) {
        w[_ in 0..hidden * latents] ~ Normal(0.0, 1.0);
        b[_ in 0..hidden] ~ Normal(0.0, 1.0);
        v[_ in 0..64 * hidden] ~ Normal(0.0, 1.0);
        c[_ in 0..64] ~ Normal(0.0, 1.0);
        for image in images {
            z[_ in 0..latents] ~ Normal(0.0, 1.0);
            let units: Vec<_> = dense(&w, &b, &z).iter().map(|y| y.tanh()).collect();
            let logits = dense(&v, &c, &units);
            for k in 0..64 {
                image[k] ~ BernoulliLogit(logits[k]);
            }
        }
    }
}

fn read() -> [Vec<Image>; 2] {
    #[derive(serde::Deserialize)]
    struct File {
        images: Vec<Vec<String>>,
    }
    let file: File = serde_json::from_str(include_str!("data/digits.json")).unwrap();
    let mut parts = [Vec::new(), Vec::new()];
    for (i, image) in file.images.iter().flatten().enumerate() {
        parts[usize::from(i * 297 % 1797 < 297)].push(image.bytes().map(|b| b - b'a' > 7).collect());
    }
    parts
}

fn main() {
    let arg = |k: usize, d: usize| std::env::args().nth(k).map_or(d, |a| a.parse().unwrap());
    let (latents, epochs, seed) = (arg(1, 2), arg(2, 2), arg(3, 1));
    let estimator = if arg(4, 0) == 0 { Estimator::ClosedKl } else { Estimator::Sampled };
    let [images, test] = read();
    println!("{} {}", images.len(), test.len());
    let model = Digits::new(&images, latents, 100);
    let encoder =
        Mlp::new(64, &[100], latents, |image: &Image| image.iter().map(|&p| f64::from(u8::from(p))).collect());
    let options = Options {
        estimator,
        global: GlobalFactor::Point,
        optimiser: Optimiser::Adam(AdamOptions { step: 0.002, draws: 1, batch: Some(100) }),
        max_iterations: Some(15 * epochs),
        random_start: Some(seed as u64),
        ..Options::default()
    };
    let start = Instant::now();
    let fit = EncoderFit::train(&model, encoder, &options).unwrap();
    let test_model = Digits::new(&test, latents, 100);
    let t = Instant::now();
    println!("test {}", fit.elbo_of_tasks(&test_model).unwrap() / 297.0);
    let t2 = Instant::now();
    let lnp = test.iter().map(|i| fit.correct(i, 500).unwrap().evidence().unwrap().ln_evidence).sum::<f64>() / 297.0;
    println!("lnp {lnp} {:?} {:?}", t2 - t, t2.elapsed());
    println!("{fit}\n{:?} {:?}", start.elapsed(), fit.trace().iter().map(|e| e / 1500.0).collect::<Vec<_>>());
}
