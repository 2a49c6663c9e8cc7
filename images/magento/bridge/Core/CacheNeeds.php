<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * Which caches a change of settings makes stale.
 */
class CacheNeeds
{
    public const CONFIG = 'config';
    public const PAGES = ['layout', 'block_html', 'full_page'];

    /**
     * Sections that no cached page shows: mail, and what is asked for at checkout only.
     */
    private const QUIET = ['trans_email', 'sales_email', 'sales_pdf', 'carriers', 'shipping', 'system'];

    /**
     * Returns the cache types that must be cleaned after these paths changed; none for no change.
     *
     * @param string[] $paths
     * @return string[]
     */
    public function of(array $paths): array
    {
        if ($paths === []) {
            return [];
        }
        $sections = array_map(static fn (string $path): string => explode('/', $path, 2)[0], $paths);
        $shown = array_diff($sections, self::QUIET) !== [];
        return [self::CONFIG, ...($shown ? self::PAGES : [])];
    }
}
