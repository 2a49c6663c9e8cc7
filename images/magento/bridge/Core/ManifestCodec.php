<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * The manifest as it is kept: plain arrays, short names.
 */
class ManifestCodec
{
    /**
     * Reads what encode() wrote; anything else reads as "nothing was applied".
     *
     * @param mixed $data
     */
    public function decode(mixed $data): Manifest
    {
        if (!is_array($data) || !isset($data['revision'], $data['items']) || !is_array($data['items'])) {
            return new Manifest();
        }
        $entries = [];
        foreach ($data['items'] as $key => $item) {
            if (is_array($item)) {
                $entries[(string)$key] = new Entry($item['v'] ?? null, (bool)($item['x'] ?? false), $item['s'] ?? null);
            }
        }
        return new Manifest((int)$data['revision'], $entries);
    }

    /**
     * Writes a manifest.
     *
     * @param Manifest $manifest
     * @return array{revision: int, items: array<string, array<string, string|int>>}
     */
    public function encode(Manifest $manifest): array
    {
        $items = [];
        foreach ($manifest->entries as $key => $entry) {
            $told = ['v' => $entry->value, 'x' => $entry->secret ? 1 : null, 's' => $entry->stored];
            $items[$key] = array_filter($told, static fn (string|int|null $one): bool => $one !== null);
        }
        return ['revision' => $manifest->revision, 'items' => $items];
    }
}
