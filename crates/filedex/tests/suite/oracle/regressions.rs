//! Scripts that once failed, as they were shrunk.

use super::holds;

/// A version is made in the dataset that was meant, also where another has its id for a name.
#[test]
fn a_dataset_named_like_another_ones_id() {
    holds(
        r#"
{"CreateDataset":{"id":"d-one","name":"default","folder":null}}
{"CreateDataset":{"id":"d-two","name":"d-one","folder":null}}
{"CreateVersion":["default","v1"]}
"#,
    );
}
