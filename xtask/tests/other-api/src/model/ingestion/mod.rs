//! In place of the methods of the Ingestion API's types: the types of this API have none.
