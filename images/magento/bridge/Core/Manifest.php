<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * What was applied last: the revision and every managed setting. Immutable.
 */
class Manifest
{
    /**
     * @param int $revision
     * @param array<string,Entry> $entries
     */
    public function __construct(public readonly int $revision = 0, public readonly array $entries = [])
    {
    }

    /**
     * What was written last for a setting, if it is managed.
     *
     * @param string $key
     */
    public function find(string $key): ?Entry
    {
        return $this->entries[$key] ?? null;
    }

    /**
     * The manifest after one more batch.
     *
     * @param int $revision
     * @param array<string,Entry> $entries
     * @param bool $replace whether what is not in the batch is managed no longer
     */
    public function after(int $revision, array $entries, bool $replace): self
    {
        $all = $replace ? $entries : array_merge($this->entries, $entries);
        ksort($all);
        return new self($revision, $all);
    }

    /**
     * Keys of the settings that a replacing batch lets go.
     *
     * @param string[] $kept
     * @return string[]
     */
    public function released(array $kept): array
    {
        return array_values(array_diff(array_keys($this->entries), $kept));
    }
}
