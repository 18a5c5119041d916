use super::*;

fn complaint(dist: &impl ChainDistribution<f64>) -> String {
    dist.check().map_or_else(|invalid| invalid.to_string(), |()| "valid".into())
}

#[test]
fn what_is_wrong_is_named() {
    let half = [0.5, 0.5];
    assert_eq!(complaint(&Markov(half, [half, half])), "valid");
    assert_eq!(
        complaint(&Markov([0.5, 0.6], [half, half])),
        "`first` of Markov must be numbers whose sum is 1, but is 1.1"
    );
    assert_eq!(
        complaint(&Markov(half, vec![half; 3])),
        "`step.len()` of Markov must be as many rows as `first` has entries, but is 3"
    );
    assert_eq!(
        complaint(&Markov(half, [half.to_vec(), vec![1.0]])),
        "`step[..].len()` of Markov must be as many as `first` has entries, but is 1"
    );
    assert_eq!(
        complaint(&Markov(half, [half, [1.5, -0.5]])),
        "`step[..]` of Markov must be numbers from 0 to 1, but is 1.5"
    );
    assert_eq!(
        complaint(&Markov([0.0; 0], [[0.0; 0]; 0])),
        "`first` of Markov must be numbers whose sum is 1, but is 0"
    );
}
