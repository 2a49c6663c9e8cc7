<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * Which part of the configuration may be read and written. Entries are sections, groups or single paths;
 * the longest entry that fits decides, so a group may be taken out of an allowed section.
 */
class AllowList
{
    /**
     * @param array<string,bool|string|int> $entries path or beginning of one => allowed
     */
    public function __construct(private readonly array $entries)
    {
    }

    /**
     * Whether this path may be read and written.
     *
     * @param string $path
     */
    public function allows(string $path): bool
    {
        $parts = explode('/', $path);
        while ($parts !== []) {
            $entry = implode('/', $parts);
            if (array_key_exists($entry, $this->entries)) {
                return (bool)$this->entries[$entry];
            }
            array_pop($parts);
        }
        return false;
    }
}
