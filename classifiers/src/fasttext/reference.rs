//! A second implementation for tests: what `dictionary.cc` and `loss.cc` say, word for word and in f64, over a
//! [`Fixture`] instead of a file.

use super::fixture::Fixture;

fn hash(text: &str) -> u32 {
    text.bytes().fold(2_166_136_261, |h, byte| (h ^ (byte as i8 as i32 as u32)).wrapping_mul(16_777_619))
}

/// The probability of each label, in the order of the fixture; nothing where the text has no feature.
pub(super) fn predict(fixture: &Fixture, text: &str) -> Option<Vec<f64>> {
    let rows = features(fixture, text);
    if rows.is_empty() {
        return None;
    }
    let dim = fixture.output[0].len();
    let mean = |col: usize| {
        rows.iter().map(|&row| f64::from(fixture.input[row][col])).sum::<f64>() / rows.len() as f64
    };
    let hidden: Vec<f64> = (0..dim).map(mean).collect();
    let dot = |row: &Vec<f32>| row.iter().zip(&hidden).map(|(w, x)| f64::from(*w) * x).sum::<f64>();
    let outputs: Vec<f64> = fixture.output.iter().map(dot).collect();
    let labels = fixture.labels.len();
    Some(match fixture.loss {
        1 => (0..labels).map(|label| tree(fixture, &outputs, label)).collect(),
        3 => {
            let total: f64 = outputs.iter().map(|x| x.exp()).sum();
            outputs.iter().map(|x| x.exp() / total + 1e-5).collect()
        }
        _ => outputs.iter().map(|&x| sigmoid(x) + 1e-5).collect(),
    })
}

fn features(fixture: &Fixture, text: &str) -> Vec<usize> {
    let separators = [' ', '\n', '\r', '\t', '\x0b', '\x0c', '\0'];
    let words = fixture.words.len();
    let mut rows = Vec::new();
    let mut hashes = Vec::new();
    let push = |rows: &mut Vec<usize>, bucket: u64| match &fixture.pruned {
        None => rows.push(words + bucket as usize),
        Some(pairs) => {
            rows.extend(pairs.iter().find(|pair| pair.0 as u64 == bucket).map(|pair| words + pair.1 as usize))
        }
    };
    for token in text.split(separators).filter(|token| !token.is_empty()).chain(["</s>"]) {
        if token.starts_with("__label__") {
            continue;
        }
        rows.extend(fixture.words.iter().position(|word| *word == token));
        if token != "</s>" {
            let chars: Vec<char> = format!("<{token}>").chars().collect();
            for start in 0..chars.len() {
                for end in start + 1..=chars.len().min(start + fixture.maxn.max(0) as usize) {
                    let bracket = end - start == 1 && (start == 0 || end == chars.len());
                    if end - start >= fixture.minn as usize && !bracket {
                        let part: String = chars[start..end].iter().collect();
                        push(&mut rows, u64::from(hash(&part) % fixture.bucket as u32));
                    }
                }
            }
        }
        hashes.push(hash(token) as i32);
        if token == "</s>" {
            break;
        }
    }
    for start in 0..hashes.len() {
        let mut rolling = hashes[start] as u64;
        for next in hashes.iter().take(start + fixture.word_ngrams as usize).skip(start + 1) {
            rolling = rolling.wrapping_mul(116_049_371).wrapping_add(*next as u64);
            push(&mut rows, rolling % fixture.bucket as u64);
        }
    }
    rows
}

fn sigmoid(x: f64) -> f64 {
    let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
    // the table of 512 steps from -8 to 8
    if x < -8.0 {
        0.0
    } else if x > 8.0 {
        1.0
    } else {
        logistic(((x + 8.0) * 32.0).floor() / 32.0 - 8.0)
    }
}

/// The path from the root, by merging the two rarest nodes over and over.
fn tree(fixture: &Fixture, outputs: &[f64], label: usize) -> f64 {
    let mut open: Vec<(i64, usize, Vec<usize>)> =
        fixture.labels.iter().enumerate().map(|(at, (_, count))| (*count, at, vec![at])).collect();
    let mut probability = 1.0;
    for (inner, output) in outputs.iter().enumerate().take(fixture.labels.len() - 1) {
        // of equal counts an inner node comes before a leaf, a later leaf before an earlier one
        let mut take = || {
            let key = |node: &(i64, usize, Vec<usize>)| {
                let leaf = node.1 < fixture.labels.len();
                (node.0, leaf, if leaf { usize::MAX - node.1 } else { node.1 })
            };
            let at = (0..open.len()).min_by_key(|&at| key(&open[at])).unwrap();
            open.swap_remove(at)
        };
        let (left, right) = (take(), take());
        let to_right = 1.0 / (1.0 + (-output).exp());
        if left.2.contains(&label) {
            probability *= 1.0 - to_right + 1e-5;
        } else if right.2.contains(&label) {
            probability *= to_right + 1e-5;
        }
        let below = left.2.into_iter().chain(right.2).collect();
        open.push((left.0 + right.0, fixture.labels.len() + inner, below));
    }
    probability
}
