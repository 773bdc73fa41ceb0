//! Errors that carry the inner call's: the outer call makes one attempt, and the inner one its three.

use std::error::Error;
use std::io;

use anyhow::Context as _;
use retry_core::Classify;
use retry_tests::refused;

use super::case;

type Boxed = Box<dyn Error + Send + Sync>;

/// Its text is that of what it holds.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Transparent(#[from] io::Error);

/// Its text says nothing of what lies below.
#[derive(Debug, thiserror::Error)]
#[error("cannot load")]
struct WithSource(#[source] io::Error);

/// Its text repeats what it holds, which is no source.
#[derive(Debug, thiserror::Error)]
enum Printed {
    #[error("cannot load: {0}")]
    Loading(String),
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct AnyError(#[from] anyhow::Error);

/// Holds it behind a pointer, and below another layer.
#[derive(Debug, thiserror::Error)]
#[error("page not made")]
struct Deep(#[source] WithSource);

macro_rules! judged_by_chain {
    ($($error:ty),*) => {$(
        impl Classify for $error {
            fn as_error(&self) -> Option<&(dyn Error + 'static)> {
                Some(self)
            }
        }
    )*};
}
judged_by_chain!(Transparent, WithSource, Printed, AnyError, Deep);

case!(returned_io_error, refused() => io::Error, |inner| -> io::Error { inner }, 3);
case!(
    returned_system_error,
    io::Error::from_raw_os_error(111) => io::Error,
    |inner| -> io::Error { inner },
    3
);
case!(
    returned_io_error_with_a_payload,
    io::Error::other("connection reset") => io::Error,
    |inner| -> io::Error { inner },
    3
);
case!(returned_string, "busy".to_owned() => String, |inner| -> String { inner }, 3);
case!(returned_str, "busy" => &'static str, |inner| -> &'static str { inner }, 3);
case!(returned_box, "busy".into() => Boxed, |inner| -> Boxed { inner }, 3);
case!(
    returned_anyhow_error,
    anyhow::anyhow!("busy") => anyhow::Error,
    |inner| -> anyhow::Error { inner },
    3
);
case!(
    converted_by_from,
    refused() => io::Error,
    |inner| -> Transparent { Ok(inner?) },
    3
);
case!(
    mapped_by_from,
    refused() => io::Error,
    |inner| -> Transparent { inner.map_err(Transparent::from) },
    3
);
case!(as_a_source, refused() => io::Error, |inner| -> WithSource { inner.map_err(WithSource) }, 3);
case!(
    two_layers_below,
    refused() => io::Error,
    |inner| -> Deep { inner.map_err(|error| Deep(WithSource(error))) },
    3
);
case!(boxed, refused() => io::Error, |inner| -> Boxed { Ok(inner?) }, 3);
case!(
    boxed_within_an_io_error,
    "busy".into() => Boxed,
    |inner| -> io::Error { inner.map_err(io::Error::other) },
    3
);
case!(as_an_anyhow_error, refused() => io::Error, |inner| -> anyhow::Error { Ok(inner?) }, 3);
case!(
    with_context,
    refused() => io::Error,
    |inner| -> anyhow::Error { inner.context("cannot load") },
    3
);
case!(
    with_more_context,
    anyhow::anyhow!("busy") => anyhow::Error,
    |inner| -> anyhow::Error { inner.context("cannot load").context("page not made") },
    3
);
case!(
    within_a_transparent_enum,
    anyhow::anyhow!("busy") => anyhow::Error,
    |inner| -> AnyError { Ok(inner?) },
    3
);
case!(
    boxed_within_a_transparent_enum,
    anyhow::anyhow!("busy") => anyhow::Error,
    |inner| -> Boxed { inner.map_err(|error| AnyError(error).into()) },
    3
);
case!(
    in_a_text,
    "busy".to_owned() => String,
    |inner| -> String { inner.map_err(|error| format!("cannot load: {error}")) },
    3
);
case!(
    as_a_text,
    refused() => io::Error,
    |inner| -> String { inner.map_err(|error| error.to_string()) },
    3
);
case!(
    in_the_text_of_an_enum,
    refused() => io::Error,
    |inner| -> Printed { inner.map_err(|error| Printed::Loading(error.to_string())) },
    3
);
case!(
    in_a_text_with_its_chain,
    anyhow::anyhow!("busy").context("cannot load") => anyhow::Error,
    |inner| -> String { inner.map_err(|error| format!("page not made: {error:#}")) },
    3
);
case!(
    in_a_text_that_goes_on,
    "busy".to_owned() => String,
    |inner| -> String { inner.map_err(|error| format!("load failed ({error}), giving up")) },
    3
);
