//! Files of an offer: find or create the resource, upload the file, mark it as uploaded, wait until it is processed.

mod blob;
mod duplicate;
mod existing;
mod file;
mod file_upload;
mod package;
mod progress;
mod reader;
mod resource;
mod source;
mod target;

pub(crate) use blob::{STALL, store_url};
pub(crate) use existing::is_same_file;

pub use blob::BlobUpload;
pub use file_upload::FileUpload;
pub use progress::Progress;
pub use resource::FileResource;
pub use source::FileSource;
