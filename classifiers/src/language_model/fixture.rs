//! A small model for tests, made up.

/// A trigram model of four words.
pub(crate) const ARPA: &str = "# words = plain
\\data\\
ngram 1=6
ngram 2=5
ngram 3=2

\\1-grams:
-1.5\t<unk>
0\t<s>\t-0.5
-1\t</s>
-0.75\tred\t-0.25
-0.75\tgreen\t-0.375
-1.25\tmill

\\2-grams:
-0.5\t<s> red\t-0.125
-0.25\tred green\t-0.0625
-0.625\tgreen mill
-0.125\tmill </s>
-0.875\tgreen green

\\3-grams:
-0.25\t<s> red green
-0.0625\tred green mill

\\end\\
";
