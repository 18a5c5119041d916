use super::*;

/// A chain of three states, one of which cannot be where it begins, and some steps that cannot be.
fn law(len: usize) -> PathLaw {
    PathLaw::new(len, vec![0.6, 0.4, 0.0], vec![0.7, 0.2, 0.1, 0.0, 0.5, 0.5, 0.3, 0.0, 0.7])
}

/// Some ln p(D_t | k).
fn ln_densities(len: usize) -> Vec<f64> {
    (0..3 * len).map(|at| -0.4 * ((at * 7 + 3) % 11) as f64).collect()
}

/// All paths of so many entries.
fn paths(len: usize) -> Vec<Vec<usize>> {
    (0..3_usize.pow(u32::try_from(len).expect("short")))
        .map(|at| (0..len).map(|t| at / 3_usize.pow(u32::try_from(t).expect("short")) % 3).collect())
        .collect()
}

/// P(path) exp(sum of what its entries have).
fn weight(law: &PathLaw, path: &[usize], ln_densities: &[f64]) -> f64 {
    let begin = path.first().map_or(1.0, |begin| law.first()[*begin]);
    let steps: f64 = path.windows(2).enumerate().map(|(t, step)| law.row(t, step[0])[step[1]]).product();
    let data: f64 = path.iter().enumerate().map(|(t, k)| ln_densities[3 * t + k]).sum();
    begin * steps * data.exp()
}

fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12 * (1.0 + expected.abs()), "{found} is not {expected}");
}

#[test]
fn sums_are_those_over_all_paths() {
    for len in 0..6 {
        let (law, data) = (law(len), ln_densities(len));
        let weights: Vec<(Vec<usize>, f64)> =
            paths(len).into_iter().map(|path| (path.clone(), weight(&law, &path, &data))).collect();
        let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
        let (given, ln_total) = law.given(&data);
        assert_near(ln_total, total.ln());
        assert_near(law.ln_total(&data), total.ln());
        for (path, expected) in &weights {
            assert_near(weight(&given, path, &vec![0.0; 3 * len]), expected / total);
        }
        let (marginals, without) = (given.marginals(), law.ln_without_each(&data));
        let steps = given.expected_steps(&marginals);
        for t in 0..len {
            for k in 0..3 {
                let there: f64 = weights.iter().filter(|(path, _)| path[t] == k).map(|(_, weight)| weight).sum();
                assert_near(marginals[3 * t + k], there / total);
                let left_out = without[3 * t + k];
                assert_near(left_out.exp(), there / data[3 * t + k].exp());
            }
        }
        for (at, found) in steps.iter().enumerate() {
            let count = |path: &[usize]| path.windows(2).filter(|step| *step == [at / 3, at % 3]).count() as f64;
            let expected: f64 = weights.iter().map(|(path, weight)| count(path) * weight / total).sum();
            assert_near(*found, expected);
        }
    }
}

/// Nothing is lost where what is likely is far from what the data say, and no step leads there.
#[test]
fn weights_that_are_no_number_by_themselves_count() {
    let law = PathLaw::new(3, vec![0.5, 0.5], vec![1.0, 0.0, 0.0, 1.0]);
    let data = [0.0, -900.0, 0.0, 0.0, -2000.0, 0.0];
    let (given, ln_total) = law.given(&data);
    assert_near(ln_total, 0.5_f64.ln() - 900.0);
    assert_eq!(given.marginals(), [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
    let (given, ln_total) = law.given(&[0.0, f64::NEG_INFINITY, 0.0, 0.0, f64::NEG_INFINITY, 0.0]);
    assert!(ln_total.is_infinite() && ln_total < 0.0);
    assert_eq!(given.first(), [0.5, 0.5]);
    assert!(law.given(&[0.0, f64::NAN, 0.0, 0.0, 0.0, 0.0]).1.is_nan());
}

#[test]
fn a_law_goes_on_behind_its_end() {
    let (law, data) = (law(4), ln_densities(4));
    let given = law.given(&data).0;
    let longer = given.continued(&self::law(6));
    assert_eq!(longer.marginals()[..12], given.marginals()[..]);
    let (at, next) = (&longer.marginals()[9..12].to_vec(), &longer.marginals()[12..15].to_vec());
    for (to, found) in next.iter().enumerate() {
        assert_near(*found, (0..3).map(|from| at[from] * law.row(0, from)[to]).sum());
    }
    for len in 0..4 {
        assert_eq!(given.continued(&self::law(len)).marginals()[..], given.marginals()[..3 * len]);
    }
}

#[test]
fn a_path_that_was_drawn_is_certain() {
    let law = law(4);
    // the last of those that can be
    let path = law.draw(|p| p.iter().rposition(|p| *p > 0.0));
    assert_eq!(path, [1, 2, 2, 2]);
    let certain = law.certain(&path);
    assert_eq!(certain.marginals(), [0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
    assert_eq!(PathLaw::impossible(2).draw(|p| p.iter().rposition(|p| *p > 0.0)), [0, 0]);
}
