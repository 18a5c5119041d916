//! Two handwritten digits never seen in training, told apart after one or five examples of each.
//!
//! Hierarchical logistic regression: a task is a pair of digits and some images of both, phi the weights that tell the
//! two apart, theta how large such weights are. Learned from pairs of five digits, tested on pairs of the five others,
//! and the other way round. The number of components is chosen on pairs of training digits that are left out. Beside
//! it: the same with phi as a point, the same without theta, and a hierarchical Gaussian model of the images.
//! What matters is not only how often an answer is right, but whether it knows: are 80% of those given with 80% right?
//!
//! cargo run --release --example `few_shot_classification`

use hierarch::metrics::{Bin, Estimate, Reliability};
use hierarch::prelude::*;
use hierarch::special::sigmoid;
use hierarch::{Correction, Fit, Options, Parameterisation};
use indicatif::ProgressBar;
use nalgebra::{DMatrix, DVector};
use plotters::prelude::*;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Images of each digit that a training task shows.
const SHOWN: usize = 5;
/// Images to classify of each digit and episode.
const QUERIES: usize = 15;

/// 1, then the principal components of an image.
pub type Image = Vec<f64>;

/// Images of one digit.
pub type Digit = Vec<Image>;

/// An image, and which of two digits it is of.
#[derive(Clone)]
pub struct Example {
    image: Image,
    is_first: bool,
}

model! {
    /// Weights are of one size over pairs of digits; the first goes with the 1.
    pub Logistic(dim: usize, pairs: &[Vec<Example>]) {
        offset ~ HalfNormal(5.0);
        size ~ HalfNormal(5.0);
        for pair in pairs {
            weight[k in 0..dim] ~ Normal(0.0, if k == 0 { offset } else { size });
            for example in pair {
                example.is_first ~ BernoulliLogit(dot(weight, &example.image));
            }
        }
    }
}

model! {
    /// Each pair by itself.
    pub NoPooling(dim: usize, pairs: &[Vec<Example>]) {
        for pair in pairs {
            weight[_ in 0..dim] ~ Normal(0.0, 10.0);
            for example in pair {
                example.is_first ~ BernoulliLogit(dot(weight, &example.image));
            }
        }
    }
}

model! {
    /// For comparison, a model of the images: digits have means of their own, alike in some components.
    pub Gaussian(dim: usize, digits: &[Digit]) {
        centre[k in 0..dim] ~ Normal(0.0, 1.0);
        between[k in 0..dim] ~ HalfNormal(1.0);
        within[k in 0..dim] ~ HalfNormal(1.0);
        for digit in digits {
            mean[k in 0..dim] ~ Normal(centre[k], between[k]);
            for image in digit {
                for k in 0..dim {
                    image[k + 1] ~ Normal(mean[k], within[k]);
                }
            }
        }
    }
}

fn dot<N: Number>(weight: &[Real<N>], image: &[f64]) -> Real<N> {
    weight.iter().zip(image).fold(Real::constant(0.0), |sum, (w, x)| sum + *w * *x)
}

/// What a way to classify says of each query.
#[derive(Default)]
struct Score {
    name: &'static str,
    /// Confidence in the answer, and whether it is right.
    answers: Vec<(f64, bool)>,
    /// Of each episode: share of right answers, mean log probability of the right one.
    episodes: Vec<[f64; 2]>,
}

impl Score {
    /// Adds an episode: for each query whether it is of the first digit, and the probability given to that.
    fn add(&mut self, queries: &[(bool, f64)]) {
        let mut sums = [0.0; 2];
        for &(is_first, probability) in queries {
            let (probability, is_right) = (probability.clamp(0.0, 1.0), (probability >= 0.5) == is_first);
            self.answers.push((probability.max(1.0 - probability), is_right));
            sums[0] += f64::from(is_right) / queries.len() as f64;
            let right = if is_first { probability } else { 1.0 - probability };
            sums[1] += right.max(f64::MIN_POSITIVE).ln() / queries.len() as f64;
        }
        self.episodes.push(sums);
    }

    /// Mean over episodes of a column.
    fn mean(&self, column: usize) -> Estimate {
        Estimate::of(&self.episodes.iter().map(|e| e[column]).collect::<Vec<_>>())
    }

    fn reliability(&self) -> Reliability {
        let (confidence, correct): (Vec<_>, Vec<_>) = self.answers.iter().copied().unzip();
        Reliability::new(&confidence, &correct, 10)
    }

    /// Maximum calibration error in ten bins of as many answers each.
    fn mce(&self) -> f64 {
        let (confidence, correct): (Vec<_>, Vec<_>) = self.answers.iter().copied().unzip();
        Reliability::equal_mass(&confidence, &correct, 10).maximum_error()
    }

    /// Expected calibration error.
    fn ece(&self) -> f64 {
        self.reliability().expected_error()
    }
}

/// What has been learned of five digits.
struct Learned<'a> {
    logistic: Fit<Logistic<'a>>,
    no_pooling: Fit<NoPooling<'a>>,
    gaussian: Fit<Gaussian<'a>>,
}

fn fit_logistic(dim: usize, pairs: &[Vec<Example>]) -> Result<Fit<Logistic<'_>>, hierarch::Error> {
    let options = Options {
        parameterisation: Parameterisation::NonCentred,
        correction: Correction::LinearResponse,
        draws: 16,
        most_draws: 64,
        ..Options::default()
    };
    Logistic::new(dim, pairs).fit_with(&options)
}

/// Every pair of digits, as often as there are images to show.
fn pairs(digits: &[Digit]) -> Vec<Vec<Example>> {
    let mut out = Vec::new();
    for (a, first) in digits.iter().enumerate() {
        for second in &digits[a + 1..] {
            let shown = first.chunks_exact(SHOWN).zip(second.chunks_exact(SHOWN));
            out.extend(shown.map(|(first, second)| labelled(first, second)));
        }
    }
    out
}

fn labelled(first: &[Image], second: &[Image]) -> Vec<Example> {
    let example = |is_first: bool| move |image: &Image| Example { image: image.clone(), is_first };
    first.iter().map(example(true)).chain(second.iter().map(example(false))).collect()
}

/// A few images of two digits to adapt to, and others to classify.
struct Episode {
    support: [Digit; 2],
    queries: Vec<Example>,
}

fn episode(digits: &[Digit], shots: usize, rng: &mut ChaCha8Rng) -> Episode {
    let mut digits: Vec<&Digit> = digits.iter().collect();
    let (two, _) = digits.partial_shuffle(rng, 2);
    let [mut first, mut second] = [two[0].clone(), two[1].clone()];
    let (first, _) = first.partial_shuffle(rng, shots + QUERIES);
    let (second, _) = second.partial_shuffle(rng, shots + QUERIES);
    let queries = labelled(&first[shots..], &second[shots..]);
    Episode { support: [first[..shots].to_vec(), second[..shots].to_vec()], queries }
}

/// The probability that a query is of the first digit, by the hierarchical model.
fn hierarchical(fit: &Fit<Logistic<'_>>, episode: &Episode) -> Result<[Vec<(bool, f64)>; 2], hierarch::Error> {
    let [first, second] = &episode.support;
    let adapted = fit.adapt(&labelled(first, second))?;
    let weight: Vec<Real<f64>> = adapted.local().weight.iter().map(|w| Real(w.mean)).collect();
    let plain = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let mean = |image: &Image| adapted.marginal(|d| sigmoid(plain(&d.local.weight, image))).mean;
    let at_mean = |image: &Image| dot(&weight, image).sigmoid().value();
    let over = |f: &dyn Fn(&Image) -> f64| episode.queries.iter().map(|q| (q.is_first, f(&q.image))).collect();
    Ok([over(&mean), over(&at_mean)])
}

/// The same by each method.
fn answers(learned: &Learned, episode: &Episode) -> Result<[Vec<(bool, f64)>; 4], hierarch::Error> {
    let [first, second] = &episode.support;
    let [pooled, point] = hierarchical(&learned.logistic, episode)?;
    let alone = learned.no_pooling.adapt(&labelled(first, second))?;
    let plain = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let of_alone = |image: &Image| alone.marginal(|d| sigmoid(plain(&d.local.weight, image))).mean;
    let digits = [learned.gaussian.adapt(first)?, learned.gaussian.adapt(second)?];
    let of_images = |image: &Image| {
        let [first, second] = [0, 1].map(|k| digits[k].ln_predictive(&vec![image.clone()]));
        sigmoid(first - second)
    };
    let over = |f: &dyn Fn(&Image) -> f64| episode.queries.iter().map(|q| (q.is_first, f(&q.image))).collect();
    Ok([pooled, point, over(&of_alone), over(&of_images)])
}

/// The number of components that tells digits apart best which are left out of the training digits, from one example.
fn choose(images: &[Vec<DVector<f64>>], train: &[usize], episodes: usize) -> Result<usize, hierarch::Error> {
    let mut best = (0, f64::NEG_INFINITY);
    for components in [5, 10, 15, 20] {
        let mut score = Score::default();
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        for out in 0..train.len() {
            let (left_out, learned): (Vec<_>, Vec<_>) =
                train.iter().partition(|d| **d == train[out] || **d == train[(out + 1) % train.len()]);
            let [learned, left_out] = split(images, &learned, &left_out, components);
            let pairs = pairs(&learned);
            let fit = fit_logistic(components + 1, &pairs)?;
            for _ in 0..episodes {
                let [pooled, _] = hierarchical(&fit, &episode(&left_out, 1, &mut rng))?;
                score.add(&pooled);
            }
        }
        println!("  {components} components: ln probability {:.3}", score.mean(1));
        if score.mean(1).mean > best.1 {
            best = (components, score.mean(1).mean);
        }
    }
    Ok(best.0)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let quick = std::env::args().any(|arg| arg == "--quick");
    let episodes = if quick { 30 } else { 200 };
    let images = read()?;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut results = [1, 5].map(|shots| {
        let names = ["hierarchical", "point estimate of phi", "no pooling", "Gaussian images"];
        (shots, names.map(|name| Score { name, ..Score::default() }))
    });
    let bar = ProgressBar::new(4 * episodes);
    for train in [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]] {
        let others: Vec<usize> = (0..10).filter(|digit| !train.contains(digit)).collect();
        println!("learned from digits {train:?}, chosen on those left out of them:");
        let components = if quick { 10 } else { choose(&images, &train, 20)? };
        let [digits, test] = split(&images, &train, &others, components);
        let pairs = pairs(&digits);
        // 3 globals a component learned from 5 digits: no importance weights
        let options = Options {
            parameterisation: Parameterisation::Centred,
            correction: Correction::LinearResponse,
            ..Options::default()
        };
        let logistic = fit_logistic(components + 1, &pairs)?;
        let (steps, time) = (logistic.iterations(), logistic.times().climb);
        println!("  {} in {steps} steps, {:.1} ms", logistic.verdict(), 1e3 * time.as_secs_f64());
        println!("  offset {}, size {}", logistic.global().offset, logistic.global().size);
        let learned = Learned {
            logistic,
            no_pooling: NoPooling::new(components + 1, &pairs[..1]).fit_with(&options)?,
            gaussian: Gaussian::new(components, &digits).fit_with(&options)?,
        };
        for (shots, scores) in &mut results {
            let episodes: Vec<Episode> = (0..episodes).map(|_| episode(&test, *shots, &mut rng)).collect();
            let answers = episodes.par_iter().map(|episode| {
                bar.inc(1);
                answers(&learned, episode)
            });
            for answer in answers.collect::<Result<Vec<_>, _>>()? {
                scores.iter_mut().zip(answer).for_each(|(score, answer)| score.add(&answer));
            }
        }
    }
    bar.finish_and_clear();
    for (shots, scores) in &results {
        println!("\n2-way {shots}-shot, {} queries in {} episodes", scores[0].answers.len(), 2 * episodes);
        println!("{:24} {:>14} {:>19} {:>7} {:>7}", "", "accuracy", "ln probability", "ECE", "MCE");
        for score in scores {
            let (ece, mce) = (score.ece(), score.mce());
            println!("{:24} {:14.3} {:19.3} {ece:>7.3} {mce:>7.3}", score.name, score.mean(0), score.mean(1));
        }
        println!("{:24} {:>5.3} {:>19.3}", "complete pooling: chance", 0.5, 0.5_f64.ln());
    }
    draw(&results)?;
    Ok(())
}

/// Images of each digit, as 64 numbers.
fn read() -> Result<Vec<Vec<DVector<f64>>>, serde_json::Error> {
    #[derive(serde::Deserialize)]
    struct File {
        images: Vec<Vec<String>>,
    }
    let file: File = serde_json::from_str(include_str!("data/digits.json"))?;
    let pixels = |image: &String| DVector::from_iterator(64, image.bytes().map(|b| f64::from(b - b'a') / 16.0));
    Ok(file.images.iter().map(|digit| digit.iter().map(pixels).collect()).collect())
}

/// Training and other digits, as a 1 and principal components of the training images.
fn split(images: &[Vec<DVector<f64>>], train: &[usize], others: &[usize], components: usize) -> [Vec<Digit>; 2] {
    let rows: Vec<&DVector<f64>> = train.iter().flat_map(|&digit| &images[digit]).collect();
    let mean = rows.iter().copied().sum::<DVector<f64>>() / rows.len() as f64;
    let covariance =
        rows.iter().map(|&x| (x - &mean) * (x - &mean).transpose()).sum::<DMatrix<f64>>() / rows.len() as f64;
    let eigen = covariance.symmetric_eigen();
    let mut order: Vec<usize> = (0..64).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    let along = |x: &DVector<f64>, k: usize| eigen.eigenvectors.column(k).dot(&(x - &mean));
    let project =
        |x: &DVector<f64>| [1.0].into_iter().chain(order[..components].iter().map(|&k| along(x, k))).collect();
    [train, others].map(|digits| digits.iter().map(|&digit| images[digit].iter().map(project).collect()).collect())
}

/// Reliability: how often answers are right against how sure they are.
fn draw(results: &[(usize, [Score; 4])]) -> Result<(), Box<dyn std::error::Error>> {
    let colors = [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(120, 120, 120), RGBColor(0, 158, 115)];
    for path in figure::paths("few_shot_classification")? {
        let area = SVGBackend::new(&path, (1000, 520)).into_drawing_area();
        area.fill(&WHITE)?;
        for ((shots, scores), part) in results.iter().zip(area.split_evenly((1, results.len()))) {
            let mut chart = ChartBuilder::on(&part)
                .caption(format!("Two digits never seen before, {shots}-shot"), ("sans-serif", 20))
                .margin(12)
                .margin_right(28)
                .x_label_area_size(46)
                .y_label_area_size(58)
                .build_cartesian_2d(0.5..1.0, 0.5..1.0)?;
            let percent = |x: &f64| format!("{:.0}%", 100.0 * x);
            chart
                .configure_mesh()
                .light_line_style(TRANSPARENT)
                .label_style(("sans-serif", 15))
                .x_labels(5)
                .x_desc("confidence")
                .y_desc("answers that are right")
                .x_label_formatter(&percent)
                .y_label_formatter(&percent)
                .draw()?;
            chart.draw_series(LineSeries::new([(0.5, 0.5), (1.0, 1.0)], BLACK.mix(0.4)))?;
            for (score, color) in scores.iter().zip(colors) {
                let reliability = score.reliability();
                let shown: Vec<&Bin> =
                    reliability.bins.iter().filter(|b| 100 * b.count >= score.answers.len()).collect();
                let line = shown.iter().map(|b| (b.confidence, b.accuracy));
                chart.draw_series(LineSeries::new(line, color.stroke_width(2)))?;
                chart
                    .draw_series(shown.iter().map(|b| {
                        let share = b.count as f64 / score.answers.len() as f64;
                        Circle::new((b.confidence, b.accuracy), 3.0 + 14.0 * share.sqrt(), color.mix(0.7).filled())
                    }))?
                    .label(format!("{} (ECE {:.1}%)", score.name, 100.0 * score.ece()))
                    .legend(move |(x, y)| Circle::new((x + 8, y), 5, color.filled()));
            }
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperLeft)
                .background_style(WHITE.mix(0.9))
                .border_style(BLACK.mix(0.2))
                .label_font(("sans-serif", 15))
                .draw()?;
        }
        area.present()?;
    }
    Ok(())
}

#[path = "shared/figure.rs"]
mod figure;
