//! The ids that Python computes are equal to ours.

mod tree;

use retry_effects::compute_action_id;
use serde::Deserialize;
use tree::Tree;

/// From the Python package itself, in the form in which a worker would receive its payloads.
#[test]
fn ids_of_the_python_package() {
    #[derive(Deserialize)]
    struct File {
        vectors: Vec<Vector<serde_json::Value>>,
    }

    let file: File = serde_json::from_str(include_str!("vectors/action_ids.json")).unwrap();
    assert_eq!(file.vectors.len(), 9);
    file.vectors.iter().for_each(Vector::check);
}

/// From `vectors/generate.py`, which describes how the payloads are written.
#[test]
fn ids_of_generated_payloads() {
    let vectors: Vec<Vector<Tree>> =
        serde_json::from_str(include_str!("vectors/generated.json")).unwrap();
    assert!(vectors.len() > 300, "{} vectors", vectors.len());
    vectors.iter().for_each(Vector::check);
}

#[derive(Deserialize)]
struct Vector<P> {
    #[serde(default)]
    name: String,
    action_type: String,
    payload: P,
    scope: String,
    /// The text that Python hashed, where it is short.
    #[serde(default)]
    text: String,
    action_id: String,
}

impl<P: serde::Serialize> Vector<P> {
    fn check(&self) {
        let id = compute_action_id(&self.action_type, &self.payload, &self.scope)
            .expect("a payload that Python took has an id");
        assert_eq!(
            id.to_string(),
            self.action_id,
            "{} {}: {}",
            self.name,
            self.action_type,
            self.text
        );
    }
}
