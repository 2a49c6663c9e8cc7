<?php
/**
 * Tar archives as streams: what backups hold of media, whether these lay in a volume or in a bucket.
 *
 * bucket.php writes and reads them. GNU tar reads what is written here, and what it writes is read here.
 */
declare(strict_types=1);

const TAR_BLOCK = 512;

/** One block that says what follows. The sum of its bytes is taken with blanks where the sum will be. */
function tar_header(string $name, int $size, int $time, string $type): string
{
    // Sizes from eight gibibytes on do not fit eleven octal digits.
    $length = $size < 8 ** 11 ? sprintf("%011o\0", $size) : "\x80\0\0\0" . pack('J', $size);
    $fields = pack('a100a8a8a8', $name, '0000640', '0000000', '0000000') . $length;
    $fields .= pack('a12a8a1a100a8', sprintf('%011o', $time), '        ', $type, '', "ustar  \0");
    $block = str_pad($fields, TAR_BLOCK, "\0");
    $sum = array_sum(unpack('C*', $block));
    return substr_replace($block, sprintf("%06o\0 ", $sum), 148, 8);
}

function tar_padding(int $size): string
{
    return str_repeat("\0", (TAR_BLOCK - $size % TAR_BLOCK) % TAR_BLOCK);
}

/** The blocks before a file's content; names that are too long for one go ahead of it. */
function tar_begin(string $name, int $size, int $time): string
{
    if (strlen($name) < 100) {
        return tar_header($name, $size, $time, '0');
    }
    $long = $name . "\0";
    return tar_header('././@LongLink', strlen($long), 0, 'L') . $long . tar_padding(strlen($long))
        . tar_header(substr($name, 0, 99), $size, $time, '0');
}

function tar_end(): string
{
    return str_repeat("\0", 2 * TAR_BLOCK);
}

function tar_read(mixed $stream, int $size): string
{
    $content = $size ? stream_get_contents($stream, $size) : '';
    if (strlen((string) $content) !== $size) {
        throw new RuntimeException('The archive ends in the middle of a file.');
    }
    return $content;
}

/** The files of an archive, one at a time: name => content. Directories are only names. */
function tar_files(mixed $stream): Generator
{
    $long = '';
    while (trim($block = tar_read($stream, TAR_BLOCK), "\0") !== '') {
        $field = unpack('a100name/a24/a12size/a20/atype', $block);
        $size = $block[124] === "\x80" ? unpack('J', $block, 128)[1] : octdec(trim($field['size'], " \0"));
        $content = tar_read($stream, $size);
        tar_read($stream, strlen(tar_padding($size)));
        $name = $long ?: rtrim($field['name'], "\0");
        $long = $field['type'] === 'L' ? rtrim($content, "\0") : '';
        if ($field['type'] === '0' || $field['type'] === "\0") {
            yield preg_replace('~^\./~', '', $name) => $content;
        }
    }
}
