//! Samples that tests are made of; the golden test of the codec uses them too.

use filedex_model::media::{
    AudioStream, FaceThumbnail, ImageMedia, ImageQuality, ImageTag, VideoMedia, VideoStream,
};
use filedex_model::{
    ColumnSchema, ColumnType, Dataset, DatasetStatus, FileRecord, Space, Status, Tags, Timestamp,
    Version,
};
use serde_json::{Map, Value, json};

pub fn time(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is not an object"),
    }
}

/// A record with every field set.
pub fn full_record() -> FileRecord {
    FileRecord {
        file_type: Some("image".into()),
        content_type: Some("image/png".into()),
        data_size: Some(i64::MAX as u64),
        file_fingerprint: Some("5B3C1A2E863094B002CC046FE1955A0A-\u{1F4F7}".into()),
        file_create_time: Some(time(-1)),
        file_update_time: Some(time(1_736_692_561_000)),
        comment: Some("a red car\0 on a sunny day".into()),
        attributes: object(json!({
            "score": 0.1, "tiny": 1e-300, "third": 0.333_333_333_333_333_3, "big": 9_007_199_254_740_993_u64,
            "max": u64::MAX, "min": i64::MIN, "none": null, "yes": true, "text": "\u{0}é",
            "nested": {"list": [1, -2, 3.5, "x", {"deep": []}]},
        })),
        tags: Tags {
            user: vec!["Everett".into(), "".into()],
            ai: [
                ("job-1".to_owned(), vec!["car".to_owned(), "sunny day".to_owned()]),
                ("job-2".to_owned(), Vec::new()),
            ]
            .into(),
            user_delete_ai: vec!["sunny day".into()],
        },
        tag_update_time: Some(time(1)),
        sync_time: time(253_402_207_200_000),
        record_create_time: time(-377_705_023_201_000),
        semantic_index_job_id: Some("job-9".into()),
        semantic_index_update_time: Some(time(2)),
        status: Status::Deleted,
        trashed_at: Some(time(3)),
        description: Some("described".into()),
        labels: vec!["l1".into(), "l2".into()],
        hidden: true,
        starred: true,
        local_created_at: Some(time(4)),
        local_modified_at: Some(time(5)),
        revision_id: "0123456789abcdef0123456789abcdef01234567".into(),
        crc64_hash: Some("18446744073709551615".into()),
        content_hash: Some("da39a3ee5e6b4b0d3255bfef95601890afd80709".into()),
        content_hash_name: Some("sha1".into()),
        upload_id: Some("upload-1".into()),
        user_tags: [("k1".to_owned(), "v1".to_owned()), (String::new(), String::new())].into(),
        image_media: Some(image_media()),
        video_media: Some(video_media()),
        ..FileRecord::new("d-1", "oss://bucket/cars/2025/0001.png", time(0))
    }
}

fn image_media() -> ImageMedia {
    ImageMedia {
        time: Some("2025:01:12 14:36:01".into()),
        width: Some(1920),
        height: Some(-1),
        location: Some("30.1,120.2".into()),
        country: Some("cn".into()),
        province: Some("zj".into()),
        city: Some("hz".into()),
        district: Some("xh".into()),
        township: Some("street".into()),
        address_line: Some("all of it".into()),
        image_tags: vec![
            ImageTag {
                confidence: Some(0.9),
                parent_name: Some("vehicle".into()),
                name: Some("car".into()),
                tag_level: Some(2),
                source: Some("model".into()),
                centric_score: Some(f64::MIN_POSITIVE),
            },
            ImageTag::default(),
        ],
        faces: Some("[]".into()),
        faces_thumbnail: vec![FaceThumbnail {
            face_id: Some("f".into()),
            face_group_id: Some("g".into()),
            face_thumbnail: Some("t".into()),
        }],
        exif: Some("{}".into()),
        image_quality: Some(ImageQuality { overall_score: Some(0.5) }),
    }
}

fn video_media() -> VideoMedia {
    VideoMedia {
        width: Some(640),
        height: Some(480),
        video_media_video_stream: vec![VideoStream {
            duration: Some("1.5".into()),
            bitrate: Some("1000".into()),
            code_name: Some("h264".into()),
            frame_count: Some("45".into()),
        }],
        video_media_audio_stream: vec![AudioStream {
            duration: Some("1.5".into()),
            bit_rate: Some("64".into()),
            code_name: Some("aac".into()),
        }],
    }
}

/// A record long enough to be compressed.
pub fn long_record() -> FileRecord {
    FileRecord { comment: Some("a red car on a sunny day; ".repeat(200)), ..full_record() }
}

/// A dataset with every field set.
pub fn full_dataset() -> Dataset {
    let text = |name: &str| ColumnType { name: name.into(), item: None };
    let option = ColumnType { name: "option".into(), item: Some(Box::new(text("string"))) };
    Dataset {
        status: DatasetStatus::Draft,
        schema: vec![
            ColumnSchema { name: "a".into(), column_type: text("integer") },
            ColumnSchema { name: "b".into(), column_type: option },
        ],
        metadata: object(json!({"owner": "me", "n": 1.5})),
        current_version: Some("0000000000000000000001".into()),
        error: Some("it failed".into()),
        current_version_origin: Some(Map::new()),
        ai_project_id: Some("p".into()),
        workspace_id: Some("w".into()),
        ..dataset("d-1", "cars")
    }
}

pub fn dataset(id: &str, name: &str) -> Dataset {
    Dataset {
        id: id.into(),
        name: name.into(),
        object_type: "dataset".into(),
        status: DatasetStatus::Ready,
        schema: Vec::new(),
        metadata: Map::new(),
        folder: "/".into(),
        current_version: None,
        created_at: time(1_736_692_561_000),
        error: None,
        current_version_origin: None,
        ai_project_id: None,
        workspace_id: None,
    }
}

pub fn version(id: &str, name: &str) -> Version {
    Version {
        id: id.into(),
        name: name.into(),
        created_at: time(1_736_692_561_000),
        description: Some("first".into()),
        frozen: false,
        parent: None,
    }
}

pub fn space(name: &str) -> Space {
    Space::new(name, "all-MiniLM-L6-v2", 384, time(1_736_692_561_000))
}
