//! A test attribute above takes the function apart first.

#[tokio::test]
#[retry_core::retry_worker]
async fn test() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
