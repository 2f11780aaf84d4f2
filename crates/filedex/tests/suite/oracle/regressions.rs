//! Scripts that once failed, as they were shrunk.

use filedex::limits;

use super::holds;

/// A dataset is found by name or id, so no name is another's id: what was asked of one was done to
/// the other.
#[test]
fn a_dataset_named_like_another_ones_id() {
    holds(
        r#"
{"CreateDataset":{"id":"d-one","name":"default","folder":null}}
{"CreateDataset":{"id":"d-two","name":"d-one","folder":null}}
{"CreateDataset":{"id":"default","name":"Photos","folder":null}}
{"CreateDataset":{"id":"d-two","name":"d-two","folder":null}}
{"PatchDataset":["d-two",{"name":"d-one","folder":null}]}
{"CreateVersion":["d-one","v1"]}
{"Ask":{"at":["d-one","v1"],"held":false,"question":"Catalog"}}
"#,
    );
}

/// A vector that numbers of 16 bits cannot hold fails alone; the whole batch was refused.
#[test]
fn a_vector_too_large_for_16_bits() {
    holds(
        r#"
{"CreateDataset":{"id":"d-one","name":"default","folder":null}}
{"CreateVersion":["d-one","v1"]}
{"CreateSpace":[["d-one","v1"],{"name":"halves","model":"model-a","dimension":2,"metric":"l2","normalised":false,"storage":"f16"}]}
{"Batch":{"at":["d-one","v1"],"now":"2025-01-31T12:00:00Z","items":[{"Create":[{"uri":"oss://b/1.png"},[{"space":null,"values":"0.0 70000.0"}]]},{"Create":[{"uri":"oss://b/2.png"},[{"space":null,"values":"65519.0 1.0"}]]}]}}
{"Ask":{"at":["d-one","v1"],"held":false,"question":"Records"}}
"#,
    );
}

/// A beginning of ids below every id of a segment found the least of them.
#[test]
fn a_beginning_of_ids_below_all() {
    holds(
        r#"
{"CreateDataset":{"id":"d-one","name":"default","folder":null}}
{"CreateVersion":["d-one","v1"]}
{"Batch":{"at":["d-one","v1"],"now":"2025-01-31T12:00:00Z","items":[{"Create":[{"uri":"file:///srv/cafés/cafe.mp4"},[]]}]}}
{"Ask":{"at":["d-one","v1"],"held":false,"question":{"List":{"filter":"DatasetFileMetaId = '00'*","status":"ACTIVE","sort":null,"pages":100,"text":false,"now":"2025-01-31T12:00:00Z"}}}}
{"Ask":{"at":["d-one","v1"],"held":false,"question":{"List":{"filter":"NOT DatasetFileMetaId = 'f'*","status":"ACTIVE","sort":null,"pages":100,"text":false,"now":"2025-01-31T12:00:00Z"}}}}
"#,
    );
}

/// A type that was taken from a file stays away when the line of its export is imported.
#[test]
fn a_type_that_was_taken_away() {
    holds(
        r#"
{"CreateDataset":{"id":"d-one","name":"default","folder":null}}
{"CreateVersion":["d-one","v1"]}
{"Batch":{"at":["d-one","v1"],"now":"2025-01-31T12:00:00Z","items":[{"Create":[{"uri":"file:///srv/photos/北京/.profile"},[]]},{"Create":[{"uri":"oss://b/1.png"},[]]},{"Create":[{"uri":"oss://b/2.png"},[]]}]}}
{"Batch":{"at":["d-one","v1"],"now":"2025-01-31T12:00:01Z","items":[{"Details":["c508c173d34d138cde78608a07ee0c36414bef39fad009cd30c1514e176b4ffb",{"name":"2024-01-31.csv"}]},{"Import":[{"uri":"oss://b/1.png","file_type":""},"Merge",[]]},{"Import":[{"uri":"oss://b/2.png","content_type":""},"Merge",[]]}]}}
{"Ask":{"at":["d-one","v1"],"held":false,"question":"Lines"}}
"#,
    );
}

/// One space more than a version may have is the caller's mistake, not the operating system's.
#[test]
fn one_space_too_many() {
    let space = |name: usize| {
        format!(
            r#"{{"CreateSpace":[["d","v"],{{"name":"s{name}","model":"m","dimension":2,"metric":"dot","normalised":false,"storage":"f32"}}]}}"#
        )
    };
    let made: Vec<String> = (0..=limits::SPACES).map(space).collect();
    holds(&format!(
        r#"
{{"CreateDataset":{{"id":"d","name":"d","folder":null}}}}
{{"CreateVersion":["d","v"]}}
{}
{}
{{"Ask":{{"at":["d","v"],"held":false,"question":"Records"}}}}
"#,
        made.join("\n"),
        made[0]
    ));
}
