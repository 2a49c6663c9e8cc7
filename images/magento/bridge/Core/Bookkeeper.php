<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * Writes down what was applied, and compares it with what is stored now.
 */
class Bookkeeper
{
    private const UNREADABLE = "\0unreadable";
    private const MISSING = "\0missing";

    /**
     * @param VaultInterface $vault
     */
    public function __construct(private readonly VaultInterface $vault)
    {
    }

    /**
     * Returns what to remember of one applied setting.
     *
     * @param Write $write
     * @param Stored $now what is stored after it was written
     * @param Entry|null $before
     */
    public function entry(Write $write, Stored $now, ?Entry $before): Entry
    {
        $wanted = $write->setting->wanted();
        if ($wanted === null) {
            return new Entry(null);
        }
        if (!$write->field->encrypted) {
            return new Entry($wanted, false, $now->plain === $wanted ? null : $now->plain);
        }
        // Every sealing of one secret differs; what has not changed keeps its own.
        return $before !== null && $before->secret && $this->plain($before) === $wanted
            ? $before
            : new Entry($this->vault->seal($wanted), true);
    }

    /**
     * Returns what was applied in plain; null for "inherits", and for a secret that the key cannot read.
     *
     * @param Entry $entry
     */
    public function plain(Entry $entry): ?string
    {
        return $entry->secret && $entry->value !== null ? $this->vault->open($entry->value) : $entry->value;
    }

    /**
     * Returns what was applied, what is stored now, and the keys of the settings in which the two differ.
     *
     * @param ShopInterface $shop
     * @param Manifest $manifest
     * @return array{applied: array<string, string|null>, current: array<string, string|null>, drift: string[]}
     */
    public function compare(ShopInterface $shop, Manifest $manifest): array
    {
        $applied = $current = $drift = [];
        foreach ($manifest->entries as $key => $entry) {
            $plain = $this->plain($entry);
            $lost = $plain === null && $entry->value !== null;
            $applied[$key] = $lost ? self::UNREADABLE : $plain;
            $now = $this->now($shop, $key, $entry);
            if (!$lost && $now !== null && $now->serves($plain, $entry)) {
                $current[$key] = $plain;
                continue;
            }
            $drift[] = $key;
            $current[$key] = match (true) {
                $now === null => self::MISSING,
                $now->exists => $now->plain ?? self::UNREADABLE,
                default => null,
            };
        }
        return ['applied' => $applied, 'current' => $current, 'drift' => $drift];
    }

    /**
     * What is stored for a managed setting; null when its scope is gone.
     *
     * @param ShopInterface $shop
     * @param string $key
     * @param Entry $entry
     */
    private function now(ShopInterface $shop, string $key, Entry $entry): ?Stored
    {
        [$type, $code, $path] = explode('|', $key, 3);
        try {
            return $shop->stored($path, new Scope($type, $code), $entry->secret);
        } catch (Refusal) {
            return null;
        }
    }
}
