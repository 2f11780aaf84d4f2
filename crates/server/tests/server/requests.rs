//! Every operation, asked well and badly: a request, its status, and what its answer has to contain.
//!
//! It is long because it is a table of every operation, to be read as one.
//!
//! `<a>` and the like stand for the ids of files; in an answer, `"*"` is any value and `null` none.

use filedex::{Database, NewDataset, NewFile, VersionRef};
use filedex_server::Config;
use serde_json::Value;

use crate::running::Running;

/// `METHOD target`, the body, the status, what the answer contains.
type Row<'a> = (&'a str, &'a str, u16, &'a str);

const METAS: &str = "/api/v1/datasets/d-1/datasetfilemetas";

fn dataset(database: &Database, id: &str, name: &str, workspace: Option<&str>) -> VersionRef {
    let new = NewDataset {
        id: Some(id.to_owned()),
        workspace_id: workspace.map(str::to_owned),
        ..NewDataset::named(name)
    };
    database.create_dataset(new).unwrap();
    database.create_version(id, "v1").unwrap()
}

fn stored(database: &Database, version: &VersionRef, files: impl IntoIterator<Item = NewFile>) {
    let mut batch = database.batch(version);
    for file in files {
        batch.create(file);
    }
    assert!(batch.commit().unwrap().all_succeeded());
}

/// A server with three datasets: one of a workspace, one of none, and a frozen one.
fn served() -> Running {
    let server = Running::with(|_| Config { body_limit: 8 << 20, ..Config::default() });
    let database = &server.database;
    let cars = dataset(database, "d-1", "cars", Some("w-1"));
    let file = |name: &str, tag: &str, size| NewFile {
        tags_user: vec![tag.to_owned()],
        data_size: Some(size),
        file_update_time: Some("2025-01-12T14:36:01.000Z".parse().unwrap()),
        ..NewFile::at(format!("oss://b/red/{name}"))
    };
    let files = [file("a.png", "one", 1), file("b.png", "two", 2), file("gone.png", "two", 3)];
    stored(database, &cars, files);
    let mut batch = database.batch(&cars);
    batch.delete(cars.file_id("oss://b/red/gone.png"));
    batch.commit().unwrap();
    let drive = dataset(database, "d-2", "drive", None);
    let below =
        |path: &str, n| NewFile { data_size: Some(n), ..NewFile::at(format!("oss://b/{path}")) };
    stored(
        database,
        &drive,
        [below("top.txt", 1), below("in/x.png", 2), below("in/deep/y.png", 3)],
    );
    let frozen = dataset(database, "d-3", "frozen", None);
    stored(database, &frozen, [below("z.png", 1)]);
    database.change_version(&frozen, |version| version.frozen = true).unwrap();
    server
}

fn filled(text: &str) -> String {
    let id = |dataset: &str, uri: &str| filedex::FileId::of(dataset, uri).to_string();
    let folder = |dir: &str| filedex::path::folder_id("d-2", dir);
    [
        ("<metas>", METAS.to_owned()),
        ("<a>", id("d-1", "oss://b/red/a.png")),
        ("<b>", id("d-1", "oss://b/red/b.png")),
        ("<new>", id("d-1", "oss://b/new.png")),
        ("<gone>", id("d-1", "oss://b/red/gone.png")),
        ("<top>", id("d-2", "oss://b/top.txt")),
        ("<x>", id("d-2", "oss://b/in/x.png")),
        ("<y>", id("d-2", "oss://b/in/deep/y.png")),
        ("<z>", id("d-3", "oss://b/z.png")),
        ("<in>", folder("in")),
        ("<deep>", folder("in/deep")),
        ("<none>", "0".repeat(64)),
        ("<v>", "DatasetVersion=v1&WorkspaceId=w-1".to_owned()),
        ("<long>", "n".repeat(1_024)),
        ("<longer>", "n".repeat(1_025)),
        ("<256>", "d".repeat(256)),
        ("<257>", "d".repeat(257)),
    ]
    .iter()
    .fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// Whether an answer has what is expected; the place where it has not.
fn contains(answer: &Value, expected: &Value, place: &str) -> Result<(), String> {
    match (answer, expected) {
        (_, Value::String(any)) if any == "*" => {
            if answer.is_null() {
                Err(format!("{place} is absent"))
            } else {
                Ok(())
            }
        }
        (Value::Object(answer), Value::Object(expected)) => {
            expected.iter().try_for_each(|(key, expected)| {
                contains(
                    answer.get(key).unwrap_or(&Value::Null),
                    expected,
                    &format!("{place}.{key}"),
                )
            })
        }
        (Value::Array(answer), Value::Array(expected)) if answer.len() == expected.len() => {
            let mut pairs = answer.iter().zip(expected).enumerate();
            pairs.try_for_each(|(at, (answer, expected))| {
                contains(answer, expected, &format!("{place}[{at}]"))
            })
        }
        _ if answer == expected => Ok(()),
        _ => Err(format!("{place} is {answer}, not {expected}")),
    }
}

fn check(server: &Running, (line, body, status, expected): Row<'_>) -> Result<(), String> {
    let (line, body, expected) = (filled(line), filled(body), filled(expected));
    let answer = server.send(&line, &body);
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let wrong = |what: String| Err(format!("{line} {body}\n  {what}\n  {} {text}", answer.status));
    if answer.status != status {
        return wrong(format!("the status is not {status}"));
    }
    let target = line.split(' ').nth(1).unwrap_or_default();
    answer.check_shape(target);
    let expected =
        serde_json::from_str::<Value>(&expected).unwrap_or_else(|why| panic!("{why}: {expected}"));
    contains(&answer.json(), &expected, "$").or_else(wrong)
}

/// Asks all, in their order, of one server; tells of all that are wrong at once.
fn check_all(rows: &[Row<'_>]) {
    let server = served();
    let wrong: Vec<String> = rows.iter().filter_map(|row| check(&server, *row).err()).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    let report = server.database.check(|_, _| {}).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
}

const PARAMETER: &str = r#"{"Code":"InvalidParameter","Message":"*","RequestId":"*"}"#;
const MISSING: &str = r#"{"Code":"MissingParameter"}"#;
const MALFORMED: &str = r#"{"Code":"MalformedBody"}"#;
const EXPRESSION: &str = r#"{"Code":"InvalidQueryExpression"}"#;
const TOKEN: &str = r#"{"Code":"InvalidNextToken"}"#;
const NO_DATASET: &str = r#"{"Code":"DatasetNotFound"}"#;
const NO_VERSION: &str = r#"{"Code":"DatasetVersionNotFound"}"#;
const NO_META: &str = r#"{"Code":"DatasetFileMetaNotFound"}"#;
const NO_JOB: &str = r#"{"Code":"DatasetJobNotFound"}"#;
const NOWHERE: &str = r#"{"Code":"NoSuchOperation"}"#;
const METHOD: &str = r#"{"Code":"MethodNotAllowed"}"#;
const FROZEN: &str = r#"{"Code":"DatasetVersionFrozen"}"#;

#[test]
fn datasets_of_pai() {
    check_all(&[
        (
            "GET /api/v1/datasets/d-1",
            "",
            200,
            r#"{"DatasetId":"d-1","Name":"cars","WorkspaceId":"w-1","Property":"DIRECTORY","Accessibility":"PRIVATE","LatestVersion":{"VersionName":"v1","DataCount":2},"RequestId":"*"}"#,
        ),
        ("GET /api/v1/datasets/cars", "", 200, r#"{"DatasetId":"d-1"}"#),
        ("GET /api/v1/datasets/nothing", "", 404, NO_DATASET),
        ("GET /api/v1/datasets/d-1?X=1", "", 400, PARAMETER),
        ("GET /api/v1/datasets/%64-1", "", 200, r#"{"DatasetId":"d-1"}"#),
        ("GET /api/v1/datasets/%FF", "", 400, PARAMETER),
        ("GET /api/v1/datasets/%zz", "", 404, NO_DATASET),
        ("GET /api/v1/datasets/a%2Fb", "", 404, NO_DATASET),
        ("GET /api/v1/datasets/<257>", "", 404, NO_DATASET),
        ("GET /api/v1/datasets/", "", 404, NOWHERE),
        ("GET /api/v1/datasets/d-1/", "", 404, NOWHERE),
        ("GET /api/v1", "", 404, NOWHERE),
        ("GET /api/v1/nothing", "", 404, NOWHERE),
        ("PATCH /api/v1/datasets/d-1", "", 405, METHOD),
        ("DELETE /api/v1/datasets", "", 405, METHOD),
        (
            "GET /api/v1/datasets",
            "",
            200,
            r#"{"TotalCount":3,"Datasets":[{"Name":"cars"},{"Name":"drive"},{"Name":"frozen"}]}"#,
        ),
        (
            "GET /api/v1/datasets?Order=ASC&PageSize=1&PageNumber=2",
            "",
            200,
            r#"{"TotalCount":3,"Datasets":[{"Name":"drive"}]}"#,
        ),
        (
            "GET /api/v1/datasets?SortBy=Name&Order=ASC&DatasetIds=d-3,d-1",
            "",
            200,
            r#"{"TotalCount":2,"Datasets":[{"Name":"cars"},{"Name":"frozen"}]}"#,
        ),
        ("GET /api/v1/datasets?Name=R&WorkspaceId=w-1&SortBy=Name", "", 200, r#"{"TotalCount":3}"#),
        (
            "GET /api/v1/datasets?WorkspaceId=other&Name=cars",
            "",
            200,
            r#"{"TotalCount":0,"Datasets":[]}"#,
        ),
        (
            "GET /api/v1/datasets?PageNumber=4294967295&PageSize=100",
            "",
            200,
            r#"{"TotalCount":3,"Datasets":[]}"#,
        ),
        ("GET /api/v1/datasets?PageSize=0", "", 400, PARAMETER),
        ("GET /api/v1/datasets?PageSize=101", "", 400, PARAMETER),
        ("GET /api/v1/datasets?PageNumber=0", "", 400, PARAMETER),
        ("GET /api/v1/datasets?PageNumber=4294967296", "", 400, PARAMETER),
        ("GET /api/v1/datasets?PageNumber=-1", "", 400, PARAMETER),
        ("GET /api/v1/datasets?PageSize=1&PageSize=1", "", 400, PARAMETER),
        ("GET /api/v1/datasets?pagesize=1", "", 400, PARAMETER),
        ("GET /api/v1/datasets?SortBy=Size", "", 400, PARAMETER),
        ("GET /api/v1/datasets?Order=asc", "", 400, PARAMETER),
        (
            "POST /api/v1/datasets",
            r#"{"Name":"made","WorkspaceId":"w-2","Property":"FILE","DataType":"PIC","Uri":"oss://b/","Labels":[{"Key":"k","Value":"v"}],"VersionDescription":"first","VersionLabels":[{"Key":"l","Value":"w"}]}"#,
            200,
            r#"{"DatasetId":"*","RequestId":"*"}"#,
        ),
        (
            "GET /api/v1/datasets/made",
            "",
            200,
            r#"{"Property":"FILE","DataType":"PIC","Uri":"oss://b/","WorkspaceId":"w-2","Labels":[{"Key":"k","Value":"v"}],"LatestVersion":{"VersionName":"v1","Description":"first","Labels":[{"Key":"l","Value":"w"}],"Property":"FILE"}}"#,
        ),
        ("GET /api/v1/datasets?Label=k%3Dv", "", 200, r#"{"TotalCount":1}"#),
        ("GET /api/v1/datasets?Properties=FILE&DataTypes=PIC,TEXT", "", 200, r#"{"TotalCount":1}"#),
        ("POST /api/v1/datasets", r#"{"Name":"made"}"#, 409, r#"{"Code":"DatasetAlreadyExists"}"#),
        ("POST /api/v1/datasets", r#"{"Name":"dry","DryRun":true}"#, 200, r#"{"DatasetId":null}"#),
        ("GET /api/v1/datasets/dry", "", 404, NO_DATASET),
        ("POST /api/v1/datasets", r#"{"Name":"<256>"}"#, 200, "{}"),
        ("POST /api/v1/datasets", r#"{"Name":"<257>"}"#, 400, PARAMETER),
        ("POST /api/v1/datasets", r#"{"Name":"a\u0000b"}"#, 400, PARAMETER),
        ("POST /api/v1/datasets", r#"{"Name":""}"#, 400, MISSING),
        ("POST /api/v1/datasets", r#"{"Name":null}"#, 400, MISSING),
        ("POST /api/v1/datasets", r#"{"Name":5}"#, 400, PARAMETER),
        ("POST /api/v1/datasets", r#"{"Name":"n","Other":1}"#, 400, PARAMETER),
        ("POST /api/v1/datasets", r#"{"Name":"n","Property":"ROUND"}"#, 400, PARAMETER),
        ("POST /api/v1/datasets", r#"{"Name":"n","Labels":[{"Key":1}]}"#, 400, PARAMETER),
        ("POST /api/v1/datasets", r#"{"Name":"n","Labels":"k"}"#, 400, PARAMETER),
        ("POST /api/v1/datasets", r#"{"Name":"n","DataCount":-1}"#, 400, PARAMETER),
        ("POST /api/v1/datasets", r#"{"Name":"n","DryRun":"yes"}"#, 400, PARAMETER),
        ("POST /api/v1/datasets", "", 400, MALFORMED),
        ("POST /api/v1/datasets", "{", 400, MALFORMED),
        ("POST /api/v1/datasets", "[]", 400, MALFORMED),
        ("POST /api/v1/datasets", r#"{"Name":"n"} x"#, 400, MALFORMED),
        ("POST /api/v1/datasets?Name=n", r#"{"Name":"n"}"#, 400, PARAMETER),
        (
            "PUT /api/v1/datasets/made",
            r#"{"Name":"renamed","Description":"said","Accessibility":"PUBLIC"}"#,
            200,
            r#"{"RequestId":"*"}"#,
        ),
        (
            "GET /api/v1/datasets/renamed",
            "",
            200,
            r#"{"Name":"renamed","Description":"said","Accessibility":"PUBLIC","Property":"FILE"}"#,
        ),
        (
            "PUT /api/v1/datasets/renamed",
            r#"{"Name":"cars"}"#,
            409,
            r#"{"Code":"DatasetAlreadyExists"}"#,
        ),
        ("PUT /api/v1/datasets/renamed", r#"{"Property":"FILE"}"#, 400, PARAMETER),
        ("PUT /api/v1/datasets/nothing", "{}", 404, NO_DATASET),
        ("PUT /api/v1/datasets/renamed", "", 400, MALFORMED),
        ("DELETE /api/v1/datasets/renamed", "", 200, r#"{"RequestId":"*"}"#),
        ("DELETE /api/v1/datasets/renamed", "", 404, NO_DATASET),
    ]);
}

#[test]
fn versions_and_jobs_of_pai() {
    check_all(&[
        (
            "POST /api/v1/datasets/d-1/versions",
            r#"{"Description":"two","Property":"FILE","DataCount":7,"Labels":[{"Key":"k","Value":"v"}]}"#,
            200,
            r#"{"VersionName":"v2"}"#,
        ),
        (
            "POST /api/v1/datasets/d-1/versions",
            r#"{"DryRun":true}"#,
            200,
            r#"{"VersionName":null}"#,
        ),
        ("POST /api/v1/datasets/d-1/versions", r#"{"Property":"ROUND"}"#, 400, PARAMETER),
        ("POST /api/v1/datasets/d-1/versions", r#"{"VersionName":"mine"}"#, 400, PARAMETER),
        ("POST /api/v1/datasets/d-1/versions", "", 400, MALFORMED),
        ("POST /api/v1/datasets/nothing/versions", "{}", 404, NO_DATASET),
        (
            "GET /api/v1/datasets/d-1/versions/v2",
            "",
            200,
            r#"{"DatasetId":"d-1","VersionName":"v2","Description":"two","Property":"FILE","DataCount":7}"#,
        ),
        (
            "GET /api/v1/datasets/d-1/versions/v1",
            "",
            200,
            r#"{"DataCount":2,"Property":"DIRECTORY"}"#,
        ),
        ("GET /api/v1/datasets/d-1/versions/v9", "", 404, NO_VERSION),
        ("GET /api/v1/datasets/d-1/versions/%FF", "", 400, PARAMETER),
        (
            "GET /api/v1/datasets/d-1/versions",
            "",
            200,
            r#"{"TotalCount":2,"PageNumber":1,"PageSize":10,"DatasetVersions":[{"VersionName":"v1"},{"VersionName":"v2"}]}"#,
        ),
        (
            "GET /api/v1/datasets/d-1/versions?LabelKeys=k,x&Order=ASC&Properties=FILE",
            "",
            200,
            r#"{"TotalCount":1}"#,
        ),
        ("GET /api/v1/datasets/d-1/versions?LabelValues=k", "", 200, r#"{"TotalCount":0}"#),
        ("GET /api/v1/datasets/d-1/versions?SortBy=Name", "", 400, PARAMETER),
        ("GET /api/v1/datasets/d-1/versions?PageSize=101", "", 400, PARAMETER),
        ("GET /api/v1/datasets/nothing/versions", "", 404, NO_DATASET),
        ("PUT /api/v1/datasets/d-1/versions/v2", r#"{"Description":"2","DataSize":9}"#, 200, "{}"),
        (
            "GET /api/v1/datasets/d-1/versions/v2",
            "",
            200,
            r#"{"Description":"2","DataSize":9,"DataCount":7}"#,
        ),
        ("PUT /api/v1/datasets/d-1/versions/v2", r#"{"Labels":[]}"#, 400, PARAMETER),
        ("PUT /api/v1/datasets/d-1/versions/v9", "{}", 404, NO_VERSION),
        ("PATCH /api/v1/datasets/d-1/versions/v2", "{}", 405, METHOD),
        ("DELETE /api/v1/datasets/d-1/versions/v2", "", 200, "{}"),
        ("DELETE /api/v1/datasets/d-1/versions/v2", "", 404, NO_VERSION),
        (
            "POST /api/v1/datasets/d-1/datasetjobs",
            r#"{"JobAction":"IntelligentTag","DatasetVersion":"v1","WorkspaceId":"w-1","Description":"by hand","JobSpec":"{\"modelId\":\"m\"}"}"#,
            200,
            r#"{"DatasetJobId":"*"}"#,
        ),
        (
            "GET /api/v1/datasets/d-1/datasetjobs",
            "",
            200,
            r#"{"TotalCount":1,"DatasetJobs":[{"JobAction":"IntelligentTag","Status":"Succeeded","JobMode":"Full","Description":"by hand","DatasetVersion":"v1","Logs":null}]}"#,
        ),
        (
            "GET /api/v1/datasets/d-1/datasetjobs?WithLogs=true&JobAction=IntelligentTag&Status=Succeeded",
            "",
            200,
            r#"{"TotalCount":1,"DatasetJobs":[{"Logs":[]}]}"#,
        ),
        (
            "GET /api/v1/datasets/d-1/datasetjobs?JobAction=SemanticIndex",
            "",
            200,
            r#"{"TotalCount":0}"#,
        ),
        ("GET /api/v1/datasets/d-1/datasetjobs?Status=Lost", "", 400, PARAMETER),
        ("GET /api/v1/datasets/d-1/datasetjobs?WithLogs=1", "", 400, PARAMETER),
        ("GET /api/v1/datasets/d-1/datasetjobs?SortBy=Name", "", 400, PARAMETER),
        ("GET /api/v1/datasets/d-1/datasetjobs?DatasetVersion=v9", "", 404, NO_VERSION),
        ("GET /api/v1/datasets/d-1/datasetjobs/nothing", "", 404, NO_JOB),
        ("GET /api/v1/datasets/d-1/datasetjobs/<longer>", "", 404, NO_JOB),
        ("GET /api/v1/datasets/d-1/datasetjobs/nothing?WorkspaceId=w-2", "", 404, NO_DATASET),
        (
            "POST /api/v1/datasets/d-1/datasetjobs",
            r#"{"JobAction":"FileMetaExport"}"#,
            400,
            PARAMETER,
        ),
        ("POST /api/v1/datasets/d-1/datasetjobs", "{}", 400, MISSING),
        (
            "POST /api/v1/datasets/d-1/datasetjobs",
            r#"{"JobAction":"IntelligentTag","JobMode":"Some"}"#,
            400,
            PARAMETER,
        ),
        (
            "POST /api/v1/datasets/d-1/datasetjobs",
            r#"{"JobAction":"IntelligentTag","JobSpec":"["}"#,
            400,
            PARAMETER,
        ),
        (
            "POST /api/v1/datasets/d-1/datasetjobs",
            r#"{"JobAction":"IntelligentTag","DatasetVersion":"v9"}"#,
            404,
            NO_VERSION,
        ),
        (
            "POST /api/v1/datasets/d-1/datasetjobs",
            r#"{"JobAction":"IntelligentTag","WorkspaceId":"w-2"}"#,
            404,
            NO_DATASET,
        ),
    ]);
}

#[test]
fn file_metas_of_pai() {
    check_all(&[
        (
            "POST <metas>",
            r#"{"WorkspaceId":"w-1","DatasetVersion":"v1","DatasetFileMetas":[
            {"Uri":"oss://b/new.png","FileType":"image","ContentType":"image/png","FileFingerPrint":"E","FileUpdateTime":"2025-01-12T14:36Z","DataSize":9,"Comment":"c","Tags":"{\"user\":{\"add\":[\"t\"]}}","MetaAttributes":"{\"w\":1}"},
            {"Uri":"oss://b/red/a.png","FileType":"image","ContentType":"image/png","FileFingerPrint":"E","FileUpdateTime":"2025-01-12T14:36Z"},
            {"Uri":"oss://b/c.png","ContentType":"image/png","FileFingerPrint":"E","FileUpdateTime":"2025-01-12T14:36Z"},
            {"Uri":"oss://b/c.png","FileType":"image","ContentType":"image/png","FileFingerPrint":"E","FileUpdateTime":"yesterday"},
            {"Uri":"oss://b/c.png","FileType":"image","ContentType":"image/png","FileFingerPrint":"E","FileUpdateTime":"2025-01-12T14:36Z","DataSize":-1},
            {"Uri":"oss://b/c.png","FileType":"image","ContentType":"image/png","FileFingerPrint":"E","FileUpdateTime":"2025-01-12T14:36Z","FileDir":"d"},
            {"Uri":"oss://b/c.png","FileType":"image","ContentType":"image/png","FileFingerPrint":"E","FileUpdateTime":"2025-01-12T14:36Z","Tags":"{\"ai\":[\"x\"]}"},
            {"Uri":7},
            8
        ]}"#,
            200,
            r#"{"Status":false,"SucceedDetails":[{"DatasetFileMetaId":"<new>","Uri":"oss://b/new.png","Result":"*"}],"FailedDetails":[
            {"DatasetFileMetaId":"<a>","Result":"Already Exists","Uri":"oss://b/red/a.png"},
            {"Uri":"oss://b/c.png","Result":"*"},{"Uri":"oss://b/c.png"},{"Result":"DataSize is -1; it is 0 or more"},{"Result":"*"},{"Result":"*"},{"DatasetFileMetaId":"","Uri":null},{"DatasetFileMetaId":""}
        ]}"#,
        ),
        (
            "POST <metas>",
            r#"{"WorkspaceId":"w-1","DatasetVersion":"v1","DatasetFileMetas":[]}"#,
            400,
            MISSING,
        ),
        ("POST <metas>", r#"{"WorkspaceId":"w-1","DatasetVersion":"v1"}"#, 400, MISSING),
        ("POST <metas>", r#"{"WorkspaceId":"w-1","WorkspaceId":"w-2"}"#, 400, PARAMETER),
        ("POST <metas>", r#"{"DatasetVersion":"v1","DatasetFileMetas":[{}]}"#, 400, MISSING),
        ("POST <metas>", r#"{"WorkspaceId":"w-1","DatasetFileMetas":[{}]}"#, 400, MISSING),
        (
            "POST <metas>",
            r#"{"WorkspaceId":"w-1","DatasetVersion":"v9","DatasetFileMetas":[{}]}"#,
            404,
            NO_VERSION,
        ),
        (
            "POST <metas>",
            r#"{"WorkspaceId":"w-2","DatasetVersion":"v1","DatasetFileMetas":[{}]}"#,
            404,
            NO_DATASET,
        ),
        (
            "POST <metas>",
            r#"{"WorkspaceId":"w-1","DatasetVersion":"v1","DatasetFileMetas":{}}"#,
            400,
            PARAMETER,
        ),
        (
            "POST <metas>",
            r#"{"WorkspaceId":"w-1","DatasetVersion":"v1","TagJobId":"j","DatasetFileMetas":[{}]}"#,
            400,
            PARAMETER,
        ),
        ("POST <metas>", "", 400, MALFORMED),
        (
            "POST /api/v1/datasets/d-3/datasetfilemetas",
            r#"{"WorkspaceId":"w","DatasetVersion":"v1","DatasetFileMetas":[{"Uri":"oss://b/c.png","FileType":"image","ContentType":"image/png","FileFingerPrint":"E","FileUpdateTime":"2025-01-12T14:36Z"}]}"#,
            409,
            FROZEN,
        ),
        (
            "GET <metas>/<new>?<v>",
            "",
            200,
            r#"{"DatasetId":"d-1","DatasetVersion":"v1","WorkspaceId":"w-1","DatasetFileMeta":{"DatasetFileMetaId":"<new>","FileName":"new.png","FileDir":"","DataSize":9,"Comment":"c","Tags":"{\"ai\":[],\"user\":[\"t\"],\"user-delete-ai-tags\":[]}","MetaAttributes":"{\"w\":1}","Status":"ACTIVE","FileUpdateTime":"2025-01-12T14:36:00.000Z","TagUpdateTime":"*","SyncTime":"*","Score":null,"DownloadUrl":null}}"#,
        ),
        ("GET <metas>/<new>", "", 200, r#"{"DatasetVersion":"v1","WorkspaceId":"w-1"}"#),
        ("GET <metas>/<gone>", "", 200, r#"{"DatasetFileMeta":{"Status":"DELETED"}}"#),
        ("GET <metas>/<none>", "", 404, NO_META),
        ("GET <metas>/short", "", 404, NO_META),
        ("GET <metas>/%FF", "", 400, PARAMETER),
        ("GET <metas>/<a>?DatasetVersion=v9", "", 404, NO_VERSION),
        ("GET <metas>/<a>?WorkspaceId=w-2", "", 404, NO_DATASET),
        ("GET <metas>/<a>?WorkspaceId=", "", 200, "{}"),
        ("GET <metas>/<a>?WorkspaceId=w-1&WorkspaceId=w-1", "", 400, PARAMETER),
        ("DELETE <metas>/<a>", "", 405, METHOD),
        (
            "PUT <metas>",
            r#"{"DatasetFileMetas":[
            {"DatasetFileMetaId":"<new>","FileName":"other.png","Tags":"{\"user\":{\"add\":[\"u\"],\"remove\":[\"t\"]}}"},
            {"DatasetFileMetaId":"<gone>","Comment":"c"},
            {"DatasetFileMetaId":"<none>","Comment":"c"},
            {"DatasetFileMetaId":"short","Comment":"c"},
            {"DatasetFileMetaId":"<b>","FileName":"a/b"},
            {"DatasetFileMetaId":"<b>","Tags":"{\"ai\":[\"x\"]}"},
            {"DatasetFileMetaId":"<b>","Uri":"oss://b/x"},
            {"Comment":"c"}
        ]}"#,
            200,
            r#"{"Status":false,"FailedDetails":[
            {"DatasetFileMetaId":"<gone>","Result":"Not Found"},{"DatasetFileMetaId":"<none>","Result":"Not Found"},{"DatasetFileMetaId":"short","Result":"Not Found"},
            {"DatasetFileMetaId":"<b>","Result":"*"},{"DatasetFileMetaId":"<b>"},{"DatasetFileMetaId":"<b>"},{"DatasetFileMetaId":""}
        ]}"#,
        ),
        (
            "PUT <metas>",
            r#"{"TagJobId":"dsjob-1","DatasetVersion":"v1","WorkspaceId":"w-1","DatasetFileMetas":[{"DatasetFileMetaId":"<new>","Tags":"{\"ai\":[\"x\",\"y\"],\"user-delete-ai-tags\":[\"y\"]}"}]}"#,
            200,
            r#"{"Status":true,"FailedDetails":[]}"#,
        ),
        (
            "GET <metas>/<new>",
            "",
            200,
            r#"{"DatasetFileMeta":{"FileName":"other.png","Uri":"oss://b/new.png","Tags":"{\"ai\":[\"x\",\"y\"],\"user\":[\"u\"],\"user-delete-ai-tags\":[\"y\"]}"}}"#,
        ),
        ("PUT <metas>", r#"{"DatasetFileMetas":[]}"#, 400, MISSING),
        ("PUT <metas>?DatasetVersion=v1", r#"{"DatasetFileMetas":[{}]}"#, 400, PARAMETER),
        (
            "PUT /api/v1/datasets/d-3/datasetfilemetas",
            r#"{"DatasetFileMetas":[{"DatasetFileMetaId":"<z>","Comment":"c"}]}"#,
            409,
            FROZEN,
        ),
        (
            "DELETE <metas>?<v>&DatasetFileMetaIds=<new>%2C<none>%2C%2Cshort",
            "",
            200,
            r#"{"Status":false,"FailedDetails":[{"DatasetFileMetaId":"<none>","Result":"Not Found"},{"DatasetFileMetaId":"short","Result":"Not Found"}]}"#,
        ),
        ("DELETE <metas>?DatasetFileMetaIds=<new>", "", 200, r#"{"Status":false}"#),
        ("DELETE <metas>?<v>", "", 400, MISSING),
        ("DELETE <metas>?<v>&DatasetFileMetaIds=", "", 400, MISSING),
        ("DELETE <metas>?DatasetFileMetaIds=<a>&WorkspaceId=w-2", "", 404, NO_DATASET),
        ("PATCH <metas>", "", 405, METHOD),
        (
            "GET /api/v1/statistics/datasets/d-1/datasetfilemetas?<v>&AggregateBy=TAGS.USER",
            "",
            200,
            r#"{"TotalCount":2,"DatasetFileMetasStats":[{"Key":"one","Count":1},{"Key":"two","Count":1}],"requestId":"*"}"#,
        ),
        (
            "GET /api/v1/statistics/datasets/d-1/datasetfilemetas?<v>&AggregateBy=tags.all&MaxResults=1",
            "",
            200,
            r#"{"TotalCount":2,"DatasetFileMetasStats":[{"Key":"one"}]}"#,
        ),
        (
            "GET /api/v1/statistics/datasets/d-1/datasetfilemetas?<v>&AggregateBy=size",
            "",
            400,
            PARAMETER,
        ),
        (
            "GET /api/v1/statistics/datasets/d-1/datasetfilemetas?<v>&MaxResults=101",
            "",
            400,
            PARAMETER,
        ),
        (
            "GET /api/v1/statistics/datasets/d-1/datasetfilemetas?DatasetVersion=v1",
            "",
            400,
            MISSING,
        ),
        ("GET /api/v1/statistics/datasets/d-1/datasetfilemetas?WorkspaceId=w-1", "", 400, MISSING),
        (
            "GET /api/v1/statistics/datasets/d-1/datasetfilemetas?WorkspaceId=w-2&DatasetVersion=v1",
            "",
            404,
            NO_DATASET,
        ),
        ("POST /api/v1/statistics/datasets/d-1/datasetfilemetas", "", 405, METHOD),
    ]);
}

#[test]
fn lists_of_pai() {
    check_all(&[
        (
            "GET <metas>?<v>",
            "",
            200,
            r#"{"TotalCount":2,"PageSize":2,"MaxResults":10,"NextToken":null,"DatasetId":"d-1","WorkspaceId":"w-1","DatasetVersion":"v1","DatasetFileMetas":["*","*"]}"#,
        ),
        (
            "GET <metas>?<v>&MaxResults=1&SortBy=FileUpdateTime",
            "",
            200,
            r#"{"TotalCount":2,"PageSize":1,"MaxResults":1,"NextToken":"*"}"#,
        ),
        (
            "GET <metas>?<v>&MaxResults=100&PageSize=1",
            "",
            200,
            r#"{"PageSize":2,"MaxResults":100}"#,
        ),
        ("GET <metas>?<v>&PageSize=1000", "", 200, r#"{"MaxResults":1000}"#),
        ("GET <metas>?<v>&PageSize=1001", "", 400, PARAMETER),
        ("GET <metas>?<v>&MaxResults=0", "", 400, PARAMETER),
        ("GET <metas>?<v>&MaxResults=101", "", 400, PARAMETER),
        ("GET <metas>?<v>&MaxResults=ten", "", 400, PARAMETER),
        ("GET <metas>?<v>&MaxResults=1&MaxResults=1", "", 400, PARAMETER),
        (
            "GET <metas>?<v>&NextToken=&QueryText=&QueryTagsIncludeAll=&QueryExpression=",
            "",
            200,
            r#"{"TotalCount":2}"#,
        ),
        ("GET <metas>?<v>&Limit=1", "", 400, PARAMETER),
        ("GET <metas>?<v>&status=ALL", "", 400, PARAMETER),
        ("GET <metas>?<v>&Status=ALL", "", 200, r#"{"TotalCount":3}"#),
        (
            "GET <metas>?<v>&Status=DELETED",
            "",
            200,
            r#"{"TotalCount":1,"DatasetFileMetas":[{"DatasetFileMetaId":"<gone>","Status":"DELETED"}]}"#,
        ),
        ("GET <metas>?<v>&Status=deleted", "", 400, PARAMETER),
        ("GET <metas>?<v>&SortBy=Name", "", 400, PARAMETER),
        ("GET <metas>?<v>&SortBy=FileUpdateTime&Order=UP", "", 400, PARAMETER),
        ("GET <metas>?<v>&QueryType=SOME", "", 400, PARAMETER),
        ("GET <metas>?<v>&TopK=5000", "", 200, "{}"),
        ("GET <metas>?<v>&TopK=5001", "", 400, PARAMETER),
        ("GET <metas>?<v>&TopK=0", "", 400, PARAMETER),
        ("GET <metas>?<v>&ScoreThreshold=nan", "", 400, PARAMETER),
        ("GET <metas>?<v>&ScoreThreshold=inf", "", 400, PARAMETER),
        ("GET <metas>?<v>&ThumbnailMode=w_16384", "", 200, "{}"),
        ("GET <metas>?<v>&ThumbnailMode=w_16385", "", 400, PARAMETER),
        (
            "GET <metas>?<v>&StartFileUpdateTime=2025-01-12T14:36:01.000Z&EndFileUpdateTime=2025-01-12T14:36:01.000Z",
            "",
            200,
            r#"{"TotalCount":2}"#,
        ),
        (
            "GET <metas>?<v>&StartFileUpdateTime=2025-01-12T14:36:01.001Z",
            "",
            200,
            r#"{"TotalCount":0,"DatasetFileMetas":[]}"#,
        ),
        ("GET <metas>?<v>&StartFileUpdateTime=soon", "", 400, PARAMETER),
        ("GET <metas>?<v>&StartFileUpdateTime=2025-02-30T00:00:00Z", "", 400, PARAMETER),
        (
            "GET <metas>?<v>&DatasetFileMetaIds=<a>%2C<gone>",
            "",
            200,
            r#"{"TotalCount":1,"DatasetFileMetas":[{"DatasetFileMetaId":"<a>"}]}"#,
        ),
        (
            "GET <metas>?<v>&QueryFileName=B.PNG&QueryFileDir=re",
            "",
            200,
            r#"{"TotalCount":1,"DatasetFileMetas":[{"DatasetFileMetaId":"<b>"}]}"#,
        ),
        (
            "GET <metas>?<v>&QueryTagsIncludeAny=one,two&QueryTagsExclude=one",
            "",
            200,
            r#"{"TotalCount":1}"#,
        ),
        ("GET <metas>?<v>&QueryText=%FF", "", 400, PARAMETER),
        ("GET <metas>?<v>&QueryText=%E4%B8", "", 400, PARAMETER),
        ("GET <metas>?<v>&QueryText=%", "", 400, PARAMETER),
        ("GET <metas>?<v>&QueryText=%2", "", 400, PARAMETER),
        ("GET <metas>?<v>&%FF=1", "", 400, PARAMETER),
        ("GET <metas>?<v>&QueryType=TAG&QueryText=one", "", 200, r#"{"TotalCount":1}"#),
        (
            "GET <metas>?<v>&QueryExpression=Tags.user%3D'one'+or+NOT+HAS+Comment",
            "",
            200,
            r#"{"TotalCount":2}"#,
        ),
        (
            "GET <metas>?<v>&QueryExpression=FileName:'a'&MaxResults=1&ThumbnailMode=p_50&PageSize=3",
            "",
            200,
            r#"{"TotalCount":1}"#,
        ),
        ("GET <metas>?<v>&QueryExpression=FileName:'a'&QueryFileName=a", "", 400, "{}"),
        ("GET <metas>?<v>&QueryExpression=FileName:'a'&Status=ALL", "", 400, "{}"),
        ("GET <metas>?<v>&QueryExpression=FileName:'a'&QueryTagsIncludeAll=one", "", 400, "{}"),
        ("GET <metas>?<v>&QueryExpression=FileName:'a'+AND", "", 400, EXPRESSION),
        ("GET <metas>?<v>&QueryExpression=Nothing='a'", "", 400, EXPRESSION),
        ("GET <metas>?<v>&QueryExpression=FileUpdateTime='a'", "", 400, EXPRESSION),
        (
            "GET <metas>?<v>&QueryExpression=MaxResults%3D1",
            "",
            200,
            r#"{"TotalCount":2,"PageSize":1,"MaxResults":1,"NextToken":"*"}"#,
        ),
        ("GET <metas>?<v>&QueryExpression=MaxResults%3D101", "", 400, EXPRESSION),
        ("GET <metas>?<v>&QueryExpression=Content:'x'", "", 400, EXPRESSION),
        ("GET <metas>?<v>&NextToken=x", "", 400, TOKEN),
        ("GET <metas>?<v>&NextToken=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "", 400, TOKEN),
        ("GET <metas>?WorkspaceId=w-1", "", 400, MISSING),
        ("GET <metas>?DatasetVersion=v1", "", 400, MISSING),
        ("GET <metas>", "", 400, MISSING),
        ("GET <metas>?DatasetVersion=v9&WorkspaceId=w-1", "", 404, NO_VERSION),
        ("GET <metas>?DatasetVersion=v1&WorkspaceId=w-2", "", 404, NO_DATASET),
        (
            "GET /api/v1/datasets/d-2/datasetfilemetas?DatasetVersion=v1&WorkspaceId=any",
            "",
            200,
            r#"{"TotalCount":3,"WorkspaceId":"any"}"#,
        ),
    ]);
}

const PDS: &str = r#"{"code":"InvalidParameter","message":"*"}"#;
const NO_DRIVE: &str = r#"{"code":"NotFound.Drive"}"#;
const NO_FILE: &str = r#"{"code":"NotFound.File"}"#;
const NO_PARENT: &str = r#"{"code":"NotFound.ParentFile"}"#;
const FORBIDDEN: &str = r#"{"code":"ForbiddenNoPermission"}"#;

#[test]
fn files_of_pds() {
    check_all(&[
        (
            "POST /v2/file/get",
            r#"{"drive_id":"d-2","file_id":"<x>","fields":"*"}"#,
            200,
            r#"{"domain_id":"default","drive_id":"d-2","file_id":"<x>","name":"x.png","type":"file","status":"available","parent_file_id":"<in>","size":2,"category":"image","file_extension":"png","hidden":false,"starred":false,"labels":"*","download_url":null}"#,
        ),
        (
            "POST /v2/file/get",
            r#"{"drive_id":"drive","file_id":"<in>"}"#,
            200,
            r#"{"type":"folder","name":"in","drive_id":"drive","parent_file_id":"root","dir_size_info":{"dir_count":1,"file_count":2}}"#,
        ),
        (
            "POST /v2/file/get",
            r#"{"drive_id":"d-2","file_id":"root"}"#,
            200,
            r#"{"name":"root","parent_file_id":null,"dir_size_info":{"dir_count":2,"file_count":3}}"#,
        ),
        ("POST /v2/file/get", r#"{"drive_id":"nothing","file_id":"root"}"#, 404, NO_DRIVE),
        ("POST /v2/file/get", r#"{"drive_id":"d-2","file_id":"<a>"}"#, 404, NO_FILE),
        ("POST /v2/file/get", r#"{"drive_id":"d-2","file_id":""}"#, 404, NO_FILE),
        ("POST /v2/file/get", r#"{"drive_id":"d-2"}"#, 400, PDS),
        ("POST /v2/file/get", r#"{"drive_id":2,"file_id":"root"}"#, 400, PDS),
        ("POST /v2/file/get", r#"{"drive_id":"d-2","file_id":"root","other":1}"#, 400, PDS),
        (
            "POST /v2/file/get",
            r#"{"drive_id":"d-2","file_id":"<x>","url_expire_sec":10}"#,
            200,
            "{}",
        ),
        ("POST /v2/file/get", r#"{"drive_id":"d-2","file_id":"<x>","url_expire_sec":9}"#, 400, PDS),
        (
            "POST /v2/file/get",
            r#"{"drive_id":"d-2","file_id":"<x>","url_expire_sec":14401}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/get",
            r#"{"drive_id":"d-2","file_id":"<x>","thumbnail_processes":{"s":{"image_thumbnail_process":"image/resize,m_fill,w_9,h_9"}}}"#,
            200,
            "{}",
        ),
        (
            "POST /v2/file/get",
            r#"{"drive_id":"d-2","file_id":"<x>","thumbnail_processes":{"s":{"image_thumbnail_process":"image/turn"}}}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/get",
            r#"{"drive_id":"d-2","file_id":"<x>","thumbnail_processes":{"1":{},"2":{},"3":{},"4":{},"5":{},"6":{}}}"#,
            400,
            PDS,
        ),
        ("POST /v2/file/get", "", 400, PDS),
        ("POST /v2/file/get", "[", 400, PDS),
        ("POST /v2/file/get", "null", 400, PDS),
        ("GET /v2/file/get", "", 405, r#"{"code":"MethodNotAllowed"}"#),
        ("POST /v2/file/nothing", "{}", 404, r#"{"code":"NoSuchOperation"}"#),
        ("POST /v2", "{}", 404, r#"{"code":"NoSuchOperation"}"#),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"<in>","name":"x.png","size":5,"type":"file","content_hash":"ABC","description":"d","user_tags":[{"key":"k","value":"v"}]}"#,
            201,
            r#"{"exist":false,"file_name":"x.png","type":"file","parent_file_id":"<in>","rapid_upload":false,"domain_id":"default"}"#,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"<in>","type":"file","name":"x.png","check_name_mode":"refuse"}"#,
            201,
            r#"{"exist":true,"file_name":"x.png"}"#,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"<in>","name":"deep","type":"folder"}"#,
            201,
            r#"{"exist":true,"file_id":"<deep>","type":"folder"}"#,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"root","name":"made","type":"folder","description":"d","hidden":true}"#,
            201,
            r#"{"exist":false,"type":"folder","file_name":"made"}"#,
        ),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root","type":"folder"}"#,
            200,
            r#"{"items":[{"name":"in","hidden":false},{"name":"made","hidden":true,"description":"d","created_at":"*"}],"next_marker":""}"#,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"<none>","type":"file","name":"n"}"#,
            404,
            NO_PARENT,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"nothing","parent_file_id":"root","type":"file","name":"n"}"#,
            404,
            NO_DRIVE,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-3","parent_file_id":"root","type":"file","name":"n"}"#,
            403,
            FORBIDDEN,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"root","type":"file","name":""}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"root","type":"file","name":"a/b"}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"root","type":"file","name":"<long>"}"#,
            201,
            "{}",
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"root","type":"file","name":"<longer>"}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"root","type":"file","name":"n","description":"<longer>"}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"root","name":"n","type":"link"}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"root","type":"file","name":"n","size":-1}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"root","type":"file","name":"n","size":9223372036854775808}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"root","name":"n","type":"file","file_id":"f"}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"root","type":"file","name":"n","check_name_mode":"overwrite"}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/create",
            r#"{"drive_id":"d-2","parent_file_id":"root","type":"file","name":"n","local_created_at":"now"}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/update",
            r#"{"drive_id":"d-2","file_id":"<top>","name":"up.txt","description":"said","labels":["l"],"starred":true,"hidden":true,"local_modified_at":"2025-01-12T14:36:01Z"}"#,
            200,
            r#"{"file_id":"<top>","name":"up.txt","description":"said","labels":["l"],"starred":true,"hidden":true,"local_modified_at":"2025-01-12T14:36:01.000Z"}"#,
        ),
        (
            "POST /v2/file/update",
            r#"{"drive_id":"d-2","file_id":"<top>","description":"","labels":[]}"#,
            200,
            r#"{"description":null,"labels":[]}"#,
        ),
        (
            "POST /v2/file/update",
            r#"{"drive_id":"d-2","file_id":"<top>","name":"made","check_name_mode":"refuse"}"#,
            200,
            r#"{"name":"made"}"#,
        ),
        ("POST /v2/file/update", r#"{"drive_id":"d-2","file_id":"<top>","name":"a/b"}"#, 400, PDS),
        ("POST /v2/file/update", r#"{"drive_id":"d-2","file_id":"<top>","name":""}"#, 400, PDS),
        (
            "POST /v2/file/update",
            r#"{"drive_id":"d-2","file_id":"<top>","name":"<longer>"}"#,
            400,
            PDS,
        ),
        ("POST /v2/file/update", r#"{"drive_id":"d-2","file_id":"<top>","labels":"l"}"#, 400, PDS),
        ("POST /v2/file/update", r#"{"drive_id":"d-2","file_id":"<top>","starred":1}"#, 400, PDS),
        ("POST /v2/file/update", r#"{"drive_id":"d-2","file_id":"<in>","name":"n"}"#, 400, PDS),
        (
            "POST /v2/file/update",
            r#"{"drive_id":"d-2","file_id":"<none>","name":"n"}"#,
            404,
            NO_FILE,
        ),
        (
            "POST /v2/file/update",
            r#"{"drive_id":"d-3","file_id":"<z>","name":"n"}"#,
            403,
            FORBIDDEN,
        ),
        (
            "POST /v2/recyclebin/trash",
            r#"{"drive_id":"d-2","file_id":"<x>"}"#,
            200,
            r#"{"domain_id":"default","drive_id":"d-2","file_id":"<x>"}"#,
        ),
        ("POST /v2/recyclebin/trash", r#"{"drive_id":"d-2","file_id":"<x>"}"#, 404, NO_FILE),
        (
            "POST /v2/file/get",
            r#"{"drive_id":"d-2","file_id":"<x>"}"#,
            200,
            r#"{"trashed_at":"*"}"#,
        ),
        (
            "POST /v2/file/delete",
            r#"{"drive_id":"d-2","file_id":"<x>"}"#,
            200,
            r#"{"file_id":"<x>"}"#,
        ),
        ("POST /v2/file/get", r#"{"drive_id":"d-2","file_id":"<x>"}"#, 404, NO_FILE),
        ("POST /v2/file/delete", r#"{"drive_id":"d-2","file_id":"<in>"}"#, 200, "{}"),
        ("POST /v2/file/get", r#"{"drive_id":"d-2","file_id":"<y>"}"#, 404, NO_FILE),
        ("POST /v2/file/get", r#"{"drive_id":"d-2","file_id":"<in>"}"#, 404, NO_FILE),
        ("POST /v2/file/delete", r#"{"drive_id":"d-2","file_id":"root"}"#, 400, PDS),
        ("POST /v2/file/delete", r#"{"drive_id":"d-2","file_id":"short"}"#, 404, NO_FILE),
        ("POST /v2/file/delete", r#"{"drive_id":"d-3","file_id":"<z>"}"#, 403, FORBIDDEN),
    ]);
}

#[test]
fn lists_of_pds() {
    check_all(&[
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root"}"#,
            200,
            r#"{"items":[{"name":"in","type":"folder"},{"name":"top.txt","type":"file"}],"next_marker":""}"#,
        ),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root","limit":1}"#,
            200,
            r#"{"items":[{"name":"in"}],"next_marker":"*"}"#,
        ),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root","limit":100,"marker":""}"#,
            200,
            r#"{"items":["*","*"]}"#,
        ),
        ("POST /v2/file/list", r#"{"drive_id":"d-2","parent_file_id":"root","limit":0}"#, 400, PDS),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root","limit":101}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root","limit":"1"}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root","limit":-1}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root","marker":"x"}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root","order_by":"folder"}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root","order_direction":"UP"}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root","category":"image"}"#,
            200,
            r#"{"items":[]}"#,
        ),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"<in>","category":"image"}"#,
            200,
            r#"{"items":[{"name":"x.png"}]}"#,
        ),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root","category":"app"}"#,
            200,
            r#"{"items":[]}"#,
        ),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root","category":"boat"}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root","status":"uploading"}"#,
            200,
            r#"{"items":[]}"#,
        ),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root","status":"lost"}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/list",
            r#"{"drive_id":"d-2","parent_file_id":"root","type":"link"}"#,
            400,
            PDS,
        ),
        ("POST /v2/file/list", r#"{"drive_id":"d-2","parent_file_id":"<x>"}"#, 404, NO_PARENT),
        ("POST /v2/file/list", r#"{"drive_id":"nothing","parent_file_id":"root"}"#, 404, NO_DRIVE),
        ("POST /v2/file/list", r#"{"drive_id":"d-2"}"#, 400, PDS),
        (
            "POST /v2/file/search",
            r#"{"drive_id":"d-2","query":"name match \"x\"","return_total_count":true}"#,
            200,
            r#"{"items":[{"file_id":"<x>"}],"total_count":1,"next_marker":""}"#,
        ),
        (
            "POST /v2/file/search",
            r#"{"drive_id":"d-2","query":"type = 'file'"}"#,
            200,
            r#"{"items":["*","*","*"],"total_count":null}"#,
        ),
        (
            "POST /v2/file/search",
            r#"{"drive_id":"d-2","query":"size > 1 AND NOT (name = 'y.png')"}"#,
            200,
            r#"{"items":[{"file_id":"<x>"}]}"#,
        ),
        (
            "POST /v2/file/search",
            r#"{"drive_id":"d-2","query":"parent_file_id = \"<in>\""}"#,
            200,
            r#"{"items":[{"file_id":"<x>"}]}"#,
        ),
        (
            "POST /v2/file/search",
            r#"{"drive_id":"d-2","query":"parent_file_id = \"<in>\"","recursive":true,"order_by":"size DESC,name"}"#,
            200,
            r#"{"items":[{"file_id":"<y>"},{"file_id":"<x>"}]}"#,
        ),
        (
            "POST /v2/file/search",
            r#"{"drive_id":"d-2","query":"parent_file_id = \"nothing\" or type = \"folder\""}"#,
            200,
            r#"{"items":[]}"#,
        ),
        ("POST /v2/file/search", r#"{"drive_id":"d-2","query":"name ="}"#, 400, PDS),
        ("POST /v2/file/search", r#"{"drive_id":"d-2","query":"name prefix \"a\""}"#, 400, PDS),
        ("POST /v2/file/search", r#"{"drive_id":"d-2","query":"colour = \"red\""}"#, 400, PDS),
        ("POST /v2/file/search", r#"{"drive_id":"d-2","query":"created_at > \"soon\""}"#, 400, PDS),
        ("POST /v2/file/search", r#"{"drive_id":"d-2","query":"name = \"a"}"#, 400, PDS),
        ("POST /v2/file/search", r#"{"drive_id":"d-2","query":"(name = \"a\""}"#, 400, PDS),
        ("POST /v2/file/search", r#"{"drive_id":"d-2","query":"size = 1e400"}"#, 400, PDS),
        (
            "POST /v2/file/search",
            r#"{"drive_id":"d-2","query":"name match \"\""}"#,
            200,
            r#"{"items":["*","*","*"]}"#,
        ),
        (
            "POST /v2/file/search",
            r#"{"drive_id":"d-2","query":"type = 'file'","order_by":"name UP"}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/search",
            r#"{"drive_id":"d-2","query":"type = 'file'","order_by":"colour"}"#,
            400,
            PDS,
        ),
        (
            "POST /v2/file/search",
            r#"{"drive_id":"d-2","query":"type = 'file'","limit":101}"#,
            400,
            PDS,
        ),
        ("POST /v2/file/search", r#"{"drive_id":"d-2","marker":"x"}"#, 400, PDS),
        (
            "POST /v2/file/search",
            r#"{"drive_id":"nothing","query":"type = 'file'"}"#,
            404,
            NO_DRIVE,
        ),
        ("POST /v2/file/search", r#"{"query":"type = 'file'"}"#, 400, PDS),
        ("POST /v2/file/search", r#"{"drive_id":"d-2"}"#, 400, PDS),
        ("POST /v2/file/search", r#"{"drive_id":"d-2","query":" "}"#, 400, PDS),
    ]);
}

#[test]
fn longest_and_deepest_pds_queries() {
    let body = |query: &str| serde_json::json!({ "drive_id": "d-2", "query": query }).to_string();
    let (fits, over) =
        (format!("name = '{}'", "x".repeat(4_087)), format!("name = '{}'", "x".repeat(4_088)));
    let nested = |depth: usize| format!("{}name = 'x'{}", "(".repeat(depth), ")".repeat(depth));
    let (deep, deeper) = (body(&nested(63)), body(&nested(64)));
    let (not, nots) = ("not ".repeat(63) + "hidden = true", "not ".repeat(64) + "hidden = true");
    check_all(&[
        ("POST /v2/file/search", &body(&fits), 200, "{}"),
        ("POST /v2/file/search", &body(&over), 400, PDS),
        ("POST /v2/file/search", &deep, 200, "{}"),
        ("POST /v2/file/search", &deeper, 400, PDS),
        ("POST /v2/file/search", &body(&not), 200, "{}"),
        ("POST /v2/file/search", &body(&nots), 400, PDS),
    ]);
}

#[test]
fn datasets_of_nebius() {
    check_all(&[
        (
            "GET /v1/datasets/d-1",
            "",
            200,
            r#"{"id":"d-1","name":"cars","status":"READY","schema":[],"metadata":{},"folder":"/","current_version":"*","created_at":"*","type":"dataset"}"#,
        ),
        ("GET /v1/datasets/cars", "", 200, r#"{"id":"d-1"}"#),
        ("GET /v1/datasets/nothing", "", 404, r#"{"detail":"*"}"#),
        ("GET /v1/datasets/%FF", "", 400, r#"{"detail":"*"}"#),
        ("GET /v1/datasets/<257>", "", 404, r#"{"detail":"*"}"#),
        (
            "PATCH /v1/datasets/d-1",
            r#"{"name":"autos","folder":"/f"}"#,
            200,
            r#"{"id":"d-1","name":"autos","folder":"/f"}"#,
        ),
        ("PATCH /v1/datasets/d-1", r#"{"name":null}"#, 200, r#"{"name":"autos","folder":"/f"}"#),
        ("PATCH /v1/datasets/d-1", "{}", 200, r#"{"name":"autos"}"#),
        ("PATCH /v1/datasets/d-1", r#"{"name":"drive"}"#, 409, r#"{"detail":"*"}"#),
        ("PATCH /v1/datasets/nothing", r#"{"name":"n"}"#, 404, r#"{"detail":"*"}"#),
        (
            "PATCH /v1/datasets/d-1",
            r#"{"name":"","folder":7,"more":1}"#,
            422,
            r#"{"detail":[{"loc":["body","name"],"type":"string_too_short"},{"loc":["body","folder"],"type":"string_type"},{"loc":["body","more"],"type":"extra_forbidden"}]}"#,
        ),
        ("PATCH /v1/datasets/d-1", r#"{"name":"<256>"}"#, 200, "{}"),
        ("PATCH /v1/datasets/d-1", r#"{"name":"<257>"}"#, 422, r#"{"detail":["*"]}"#),
        (
            "PATCH /v1/datasets/d-1",
            "",
            422,
            r#"{"detail":[{"loc":["body"],"type":"json_invalid"}]}"#,
        ),
        (
            "PATCH /v1/datasets/d-1",
            "[]",
            422,
            r#"{"detail":[{"loc":["body"],"type":"model_attributes_type"}]}"#,
        ),
        ("PUT /v1/datasets/d-1", "{}", 405, r#"{"detail":"*"}"#),
        ("DELETE /v1/datasets/d-1", "", 405, r#"{"detail":"*"}"#),
        ("GET /v1/nothing", "", 404, r#"{"detail":"*"}"#),
        (
            "GET /v1/datasets?limit=2",
            "",
            200,
            r#"{"data":[{"id":"d-1"},{"id":"d-2"}],"has_more":true,"last_id":"d-2"}"#,
        ),
        (
            "GET /v1/datasets?limit=2&after=d-2",
            "",
            200,
            r#"{"data":[{"id":"d-3"}],"has_more":false,"last_id":"d-3"}"#,
        ),
        ("GET /v1/datasets?limit=100&after=", "", 200, r#"{"has_more":false}"#),
        ("GET /v1/datasets?after=d-3", "", 200, r#"{"data":[],"has_more":false,"last_id":null}"#),
        ("GET /v1/datasets?limit=0", "", 422, r#"{"detail":[{"loc":["query","limit"]}]}"#),
        ("GET /v1/datasets?limit=101", "", 422, r#"{"detail":[{"loc":["query","limit"]}]}"#),
        ("GET /v1/datasets?limit=x", "", 422, r#"{"detail":[{"type":"int_parsing"}]}"#),
        ("GET /v1/datasets?after=nothing", "", 422, r#"{"detail":[{"loc":["query","after"]}]}"#),
        ("GET /v1/datasets?more=1", "", 422, r#"{"detail":[{"loc":["query","more"]}]}"#),
        (
            "POST /v1/datasets",
            r#"{"name":"made","schema":[{"name":"q","type":{"name":"option","item":{"name":"string"}}}],"folder":"/x","metadata":{"k":[1]},"ai_project_id":"p"}"#,
            200,
            r#"{"name":"made","schema":[{"name":"q","type":{"name":"option","item":{"name":"string"}}}],"folder":"/x","metadata":{"k":[1]},"ai_project_id":"p","current_version":"*"}"#,
        ),
        ("POST /v1/datasets", r#"{"name":"made"}"#, 409, r#"{"detail":"*"}"#),
        (
            "POST /v1/datasets",
            r#"{"name":"n","rows":[{}]}"#,
            422,
            r#"{"detail":[{"loc":["body","rows"]}]}"#,
        ),
        (
            "POST /v1/datasets",
            r#"{"schema":{}}"#,
            422,
            r#"{"detail":[{"loc":["body","name"],"type":"missing"},{"loc":["body","schema"]}]}"#,
        ),
        (
            "POST /v1/datasets",
            r#"{"name":"n","metadata":[]}"#,
            422,
            r#"{"detail":[{"loc":["body","metadata"]}]}"#,
        ),
        ("POST /v1/datasets", "x", 422, r#"{"detail":[{"loc":["body"]}]}"#),
    ]);
}

#[test]
fn the_server_itself() {
    check_all(&[
        ("GET /openapi.json", "", 200, r#"{"openapi":"*"}"#),
        ("GET /", "", 404, NOWHERE),
        ("GET /api/v1x", "", 404, NOWHERE),
        ("GET //v1/datasets", "", 404, NOWHERE),
        ("POST /healthz", "", 405, METHOD),
        ("POST /metrics", "", 405, METHOD),
        ("POST /-/command", "{}", 404, NOWHERE),
        ("GET /files/d-1/v1/<a>", "", 403, r#"{"Code":"SignatureDoesNotMatch"}"#),
        ("GET /files/%FF/v1/<a>", "", 400, PARAMETER),
    ]);
    let server = Running::new();
    let answer = server.send("GET /healthz", "");
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"ok\n".as_slice()));
    assert_eq!(server.send("HEAD /healthz", "").body, b"");
    let counted = server.send("GET /metrics", "");
    let counted = String::from_utf8(counted.body).unwrap();
    assert!(counted.contains("/healthz") && counted.ends_with("# EOF\n"), "{counted}");
    let refused = server.send("DELETE /v1/datasets", "");
    assert_eq!(refused.status, 405);
    let allowed = refused.header("allow").unwrap_or_default();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{refused:?}");
}

/// Pages in a browser that nobody allowed are sent away by every service.
#[test]
fn pages_of_others() {
    let server = Running::new();
    for path in ["/api/v1/datasets", "/v2/file/get", "/v1/datasets", "/healthz"] {
        for header in [("host", "evil.example"), ("origin", "https://evil.example")] {
            let refused = server.send_with(&format!("GET {path}"), &[header], b"");
            assert_eq!(refused.status, 403, "{path} {header:?}");
            refused.check_shape(path);
        }
        let own = format!("http://{}", server.address);
        let host = server.address.to_string();
        let told =
            server.send_with(&format!("GET {path}"), &[("host", &host), ("origin", &own)], b"");
        assert_ne!(told.status, 403, "{path}");
    }
}

/// Tokens and markers that are another question's, another drive's or damaged are refused, and one
/// that its version outlived is stale.
#[test]
fn tokens_and_markers() {
    let server = served();
    let list = |parameters: &str| {
        server.send(&format!("GET {METAS}?DatasetVersion=v1&WorkspaceId=w-1&{parameters}"), "")
    };
    let token = list("MaxResults=1").json()["NextToken"].as_str().unwrap().to_owned();
    let next = list(&format!("MaxResults=1&NextToken={token}")).json();
    assert_eq!(next["DatasetFileMetas"].as_array().unwrap().len(), 1);
    assert!(next.get("NextToken").is_none(), "{next}");
    let damaged: String = token.chars().rev().collect();
    for spoilt in [
        format!("NextToken={damaged}"),
        format!("NextToken={}", &token[..token.len() - 2]),
        format!("NextToken={token}AA"),
        format!("NextToken={token}&SortBy=FileUpdateTime"),
        format!("NextToken={token}&QueryFileName=a"),
        format!("NextToken={token}&Status=ALL"),
    ] {
        let answer = list(&spoilt);
        assert_eq!(
            (answer.status, &answer.json()["Code"]),
            (400, &"InvalidNextToken".into()),
            "{spoilt}"
        );
    }
    let other = server.send(
        &format!("GET /api/v1/datasets/d-2/datasetfilemetas?DatasetVersion=v1&WorkspaceId=w&NextToken={token}"),
        "",
    );
    assert_eq!(other.status, 400);

    let ranked = "QueryExpression=Text:'png'&MaxResults=1";
    let stale = list(ranked).json()["NextToken"].as_str().unwrap().to_owned();
    assert_eq!(list(&format!("{ranked}&NextToken={stale}")).status, 200);
    let version = server.database.reader().unwrap().version(Some("d-1"), None).unwrap();
    stored(&server.database, &version, [NewFile::at("oss://b/later.png")]);
    let answer = list(&format!("{ranked}&NextToken={stale}"));
    assert_eq!((answer.status, &answer.json()["Code"]), (409, &"StaleNextToken".into()));

    let pds = |path: &str, body: &str| server.send(&format!("POST /v2/file/{path}"), &filled(body));
    let marker = |answer: &Value| answer["next_marker"].as_str().unwrap().to_owned();
    let more = |path: &str, drive: &str, rest: &str, marker: &str| {
        pds(path, &format!(r#"{{"drive_id":"{drive}",{rest}"limit":1,"marker":"{marker}"}}"#))
    };
    let all = r#"{"drive_id":"d-2","query":"type = 'file'","limit":1,"order_by":"size ASC"}"#;
    let searched = marker(&pds("search", all).json());
    assert_eq!(more("search", "d-2", "", &searched).json()["items"][0]["size"], 2);
    assert_eq!(more("search", "d-1", "", &searched).status, 400);
    assert_eq!(more("search", "d-2", "", &searched[..searched.len() - 3]).status, 400);
    let by_two = all.replace("size ASC", "size ASC,name DESC");
    let by_two = marker(&pds("search", &by_two).json());
    assert_eq!(more("search", "d-2", "", &by_two).json()["items"][0]["size"], 2);
    assert_eq!(more("search", "d-1", "", &by_two).status, 400);
    // With a marker the query beside it is ignored.
    let ignored = more("search", "d-2", r#""query":"name = 'none'","#, &searched);
    assert_eq!(ignored.json()["items"].as_array().unwrap().len(), 1);

    let mut batch = server
        .database
        .batch(&server.database.reader().unwrap().version(Some("d-2"), None).unwrap());
    batch.create(NewFile::at("oss://b/second.txt"));
    batch.commit().unwrap();
    let listed = marker(
        &pds("list", r#"{"drive_id":"d-2","parent_file_id":"root","type":"file","limit":1}"#)
            .json(),
    );
    let root = r#""parent_file_id":"root","type":"file","#;
    assert_eq!(more("list", "d-2", root, &listed).json()["items"].as_array().unwrap().len(), 1);
    for (drive, rest) in [
        ("d-1", root),
        ("d-2", r#""parent_file_id":"<in>","type":"file","#),
        ("d-2", r#""parent_file_id":"root","order_by":"name","#),
        ("d-2", r#""parent_file_id":"root","category":"doc","#),
    ] {
        assert_eq!(more("list", drive, rest, &listed).status, 400, "{drive} {rest}");
    }
    let folders =
        marker(&pds("list", r#"{"drive_id":"d-2","parent_file_id":"root","limit":1}"#).json());
    let (at_root, inside) = (r#""parent_file_id":"root","#, r#""parent_file_id":"<in>","#);
    assert_eq!(more("list", "d-2", at_root, &folders).status, 200);
    assert_eq!(more("list", "d-2", inside, &folders).status, 400);
    assert_eq!(more("list", "d-1", at_root, &folders).status, 400);
    assert_eq!(more("list", "d-2", root, &searched).status, 400);
    assert_eq!(more("search", "d-2", "", &listed).status, 400);
}

/// A batch of the size that clients send fits the limit, whatever a web framework's own limit is.
#[test]
fn a_body_of_many_megabytes() {
    let server = served();
    let comment = "c".repeat(60_000);
    let metas: Vec<Value> = (0..100)
        .map(|n| {
            serde_json::json!({
                "Uri": format!("oss://b/big/{n}.png"), "FileType": "image", "ContentType": "image/png",
                "FileFingerPrint": "E", "FileUpdateTime": "2025-01-12T14:36Z", "Comment": comment,
            })
        })
        .collect();
    let body = serde_json::json!({ "WorkspaceId": "w-1", "DatasetVersion": "v1", "DatasetFileMetas": metas });
    let answer = server.ok(&format!("POST {METAS}"), &body);
    assert_eq!(answer["Status"], true);
    assert_eq!(answer["SucceedDetails"].as_array().unwrap().len(), 100);
}
