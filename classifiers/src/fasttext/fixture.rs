//! Writes small model files as fastText does, for tests.

/// A model to be written. Rows of `input` are the words, then the buckets or what pruning left of them.
#[derive(Clone, Debug)]
pub(crate) struct Fixture {
    pub(crate) minn: i32,
    pub(crate) maxn: i32,
    pub(crate) word_ngrams: i32,
    pub(crate) bucket: i32,
    /// `loss_name`: 1 hierarchical softmax, 2 negative sampling, 3 softmax, 4 one-vs-all.
    pub(crate) loss: i32,
    pub(crate) words: Vec<&'static str>,
    /// Names with how often they occurred.
    pub(crate) labels: Vec<(&'static str, i64)>,
    pub(crate) input: Vec<Vec<f32>>,
    pub(crate) output: Vec<Vec<f32>>,
    /// Buckets with their rows among the buckets' rows.
    pub(crate) pruned: Option<Vec<(i32, i32)>>,
    /// Columns of each part of a quantised row; none for a dense model.
    pub(crate) quantised: Option<usize>,
    pub(crate) quantised_norms: bool,
    pub(crate) quantised_output: bool,
}

impl Fixture {
    /// Two labels, three words, no n-grams, softmax.
    pub(crate) fn words() -> Self {
        Self {
            minn: 0,
            maxn: 0,
            word_ngrams: 1,
            bucket: 0,
            loss: 3,
            words: vec!["</s>", "good", "bad"],
            labels: vec![("__label__yes", 5), ("__label__no", 3)],
            input: vec![vec![0.0, 0.0, 0.5], vec![2.0, 0.0, 0.0], vec![0.0, 2.0, 0.0]],
            output: vec![vec![1.0, -1.0, 0.0], vec![-1.0, 1.0, 0.0]],
            pruned: None,
            quantised: None,
            quantised_norms: false,
            quantised_output: false,
        }
    }

    /// Four labels in a tree, subwords of 2 and 3 characters and word bigrams in 8 buckets, of which three are kept.
    pub(crate) fn pruned_tree() -> Self {
        let row =
            |seed: i32| (0..3).map(|col| ((seed * 7 + col * 5) % 11 - 5) as f32 / 4.0).collect::<Vec<f32>>();
        Self {
            minn: 2,
            maxn: 3,
            word_ngrams: 2,
            bucket: 8,
            loss: 1,
            labels: vec![("__label__en", 9), ("__label__de", 6), ("__label__fr", 3), ("__label__語", 1)],
            input: (0..6).map(row).collect(),
            output: (10..14).map(row).collect(),
            pruned: Some(vec![(1, 0), (4, 2), (6, 1)]),
            quantised: Some(2),
            quantised_norms: true,
            ..Self::words()
        }
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let dim = self.output[0].len();
        let mut out = Vec::new();
        let header =
            [dim as i32, 5, 5, 1, 5, self.word_ngrams, self.loss, 3, self.bucket, self.minn, self.maxn, 100];
        ints(&mut out, &[793_712_314, 12]);
        ints(&mut out, &header);
        out.extend(1e-4_f64.to_le_bytes());

        let (words, labels) = (self.words.len(), self.labels.len());
        ints(&mut out, &[(words + labels) as i32, words as i32, labels as i32]);
        out.extend(1000_i64.to_le_bytes());
        out.extend(self.pruned.as_ref().map_or(-1, |pairs| pairs.len() as i64).to_le_bytes());
        let words = self.words.iter().map(|word| (*word, 7, 0));
        for (name, count, kind) in words.chain(self.labels.iter().map(|(name, count)| (*name, *count, 1))) {
            out.extend(name.as_bytes());
            out.push(0);
            out.extend(i64::to_le_bytes(count));
            out.push(kind);
        }
        for (bucket, row) in self.pruned.iter().flatten() {
            ints(&mut out, &[*bucket, *row]);
        }

        out.push(self.quantised.is_some().into());
        match self.quantised {
            Some(part) => quantised(&mut out, &self.input, part, self.quantised_norms),
            None => dense(&mut out, &self.input),
        }
        out.push(self.quantised_output.into());
        match self.quantised {
            Some(part) if self.quantised_output => {
                quantised(&mut out, &self.output, part, self.quantised_norms)
            }
            _ => dense(&mut out, &self.output),
        }
        out
    }
}

fn ints(out: &mut Vec<u8>, numbers: &[i32]) {
    out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn floats(out: &mut Vec<u8>, numbers: impl IntoIterator<Item = f32>) {
    out.extend(numbers.into_iter().flat_map(f32::to_le_bytes));
}

fn shape(out: &mut Vec<u8>, rows: &[Vec<f32>]) {
    out.extend((rows.len() as i64).to_le_bytes());
    out.extend((rows[0].len() as i64).to_le_bytes());
}

fn dense(out: &mut Vec<u8>, rows: &[Vec<f32>]) {
    shape(out, rows);
    floats(out, rows.iter().flatten().copied());
}

/// Row `n` has the code `n` in every part, so up to 256 rows are kept exactly. Norms are powers of two for the
/// same reason.
fn quantised(out: &mut Vec<u8>, rows: &[Vec<f32>], part: usize, norms: bool) {
    let dim = rows[0].len();
    let parts = dim.div_ceil(part);
    let last = dim - (parts - 1) * part;
    let norm = |row: usize| if norms { 2.0_f32.powi(row as i32 % 3) } else { 1.0 };
    out.push(norms.into());
    shape(out, rows);
    ints(out, &[(rows.len() * parts) as i32]);
    out.extend((0..rows.len()).flat_map(|row| vec![row as u8; parts]));
    ints(out, &[dim as i32, parts as i32, part as i32, last as i32]);
    for start in (0..dim).step_by(part) {
        let width = part.min(dim - start);
        for code in 0..256 {
            let row = rows.get(code).map_or(vec![0.0; width], |row| row[start..start + width].to_vec());
            floats(out, row.into_iter().map(|weight| weight / norm(code)));
        }
    }
    if norms {
        out.extend((0..rows.len()).map(|row| row as u8));
        ints(out, &[1, 1, 1, 1]);
        floats(out, (0..256).map(norm));
    }
}
