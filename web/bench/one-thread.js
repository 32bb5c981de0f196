// Imported first by other libraries' workers: without shared memory they compute in one thread, as on any static host,
// whose pages are not isolated. The benchmark's page is, for its clock.
delete globalThis.SharedArrayBuffer;
