// Puts the built page into the Python package: every file as brotli and gzip, and a manifest that describes them.
//
// The manifest's "source" is a hash over everything here that defines the build. The Python tests compute it again,
// so that a page which does not belong to its sources is noticed on machines without Node.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const here = import.meta.dirname;
const built = join(here, 'dist');
const page = join(here, '..', 'api', 'web', 'page');

const NOTICES = 'LICENSES.md';
const CONTENT_TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.woff2': 'font/woff2',
};

/** Paths of all files below a folder, relative, with slashes, in the order of their code points. */
function filesBelow(folder, isWanted = () => true) {
  return readdirSync(folder, { recursive: true })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => isWanted(path) && statSync(join(folder, path)).isFile())
    .sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
}

// Hidden files and what npm and Vite make are no sources.
function isSource(path) {
  return !path.startsWith('.') && !/^(node_modules|dist)(\/|$)/.test(path);
}

function sourceHash() {
  const hash = createHash('sha256');
  for (const path of filesBelow(here, isSource)) {
    const content = readFileSync(join(here, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function gzip(content) {
  const packed = gzipSync(content, { level: 9 });
  packed[9] = 255; // "unknown" instead of the operating system, so that every machine packs the same bytes
  return packed;
}

function brotli(content) {
  return brotliCompressSync(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  });
}

function pack(path) {
  const content = readFileSync(join(built, path));
  const contentType = CONTENT_TYPES[extname(path)];
  if (!contentType) throw new Error(`No content type is known for ${path}.`);
  mkdirSync(dirname(join(page, path)), { recursive: true });
  writeFileSync(join(page, `${path}.br`), brotli(content));
  writeFileSync(join(page, `${path}.gz`), gzip(content));
  const etag = createHash('sha256').update(content).digest('hex').slice(0, 20);
  return [path, { content_type: contentType, etag, size: content.length }];
}

rmSync(page, { recursive: true, force: true });
const files = Object.fromEntries(filesBelow(built, (path) => path !== NOTICES).map(pack));
writeFileSync(join(page, 'manifest.json'), `${JSON.stringify({ source: sourceHash(), files }, null, 2)}\n`);
writeFileSync(join(page, NOTICES), readFileSync(join(built, NOTICES), 'utf8').replaceAll('\r\n', '\n'));

const total = filesBelow(page).reduce((sum, path) => sum + statSync(join(page, path)).size, 0);
console.log(`${Object.keys(files).length} files packed, ${Math.round(total / 1024)} KiB`);
