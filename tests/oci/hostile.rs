//! Whatever bytes a registry sends, nothing panics, and nothing is absent that it did not say is absent.

use landfall::domain::Probe;
use landfall::source::Registry;
use proptest::prelude::*;

use crate::loopback::{Loopback, answer};
use crate::registry::{OCI_INDEX, OCI_MANIFEST, anonymous, digest, image, tag};

/// Bytes that are often nearly what is expected.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "null",
        "\"\"",
        "1e999",
        "\"errors\"",
        "\"code\"",
        "\"tags\"",
        "\"manifests\"",
        "\"config\"",
        "\"layers\"",
        "\"digest\"",
        "\"sha256:\"",
        "\"platform\"",
        "\"annotations\"",
        "<title>",
        "</",
        "\"created\"",
        "\"9999-12-31T23:59:59Z\"",
        "\u{1b}[2J",
        "\u{202e}",
    ]);
    let pieces = prop::collection::vec(words.prop_map(|word| word.as_bytes().to_vec()), 0..40);
    prop_oneof![prop::collection::vec(any::<u8>(), 0..200), pieces.prop_map(|pieces| pieces.concat())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_bytes_make_it_panic(body in bodies(), status in prop::sample::select(vec![200_u16, 401, 403, 404, 500])) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let sent = body.clone();
            let server = Loopback::answering(move |seen| {
                let kind = if seen.path.ends_with('i') { OCI_INDEX } else { OCI_MANIFEST };
                answer(status, &[("content-type", kind)], sent.clone())
            })
            .await;
            let oci = anonymous(&server);
            let image = image(&server);
            for name in ["i", "m"] {
                let probe = oci.tag(&tag(&server, name)).await;
                assert!(status == 404 || !matches!(probe, Probe::Absent(_)), "{probe:?}");
            }
            oci.config(&image, &digest(&body)).await;
            oci.tags(&image).await;
        });
    }
}
