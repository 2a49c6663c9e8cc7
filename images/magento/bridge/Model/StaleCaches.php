<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Framework\App\Config\ReinitableConfigInterface;
use Magento\Framework\FlagManager;
use StoreController\Bridge\Api\CacheInterface;
use StoreController\Bridge\Core\CacheNeeds;

/**
 * Which caches a change has made stale and nobody has cleaned yet. The mark lies in the database and is committed
 * with the change, so a process that is killed right after its commit leaves it for the next one.
 */
class StaleCaches
{
    private const FLAG = 'storecontroller_stale_caches';

    /**
     * @param FlagManager $flags
     * @param CacheInterface $caches
     * @param ReinitableConfigInterface $config
     */
    public function __construct(
        private readonly FlagManager $flags,
        private readonly CacheInterface $caches,
        private readonly ReinitableConfigInterface $config
    ) {
    }

    /**
     * Returns the cache types that are marked.
     *
     * @return string[]
     */
    public function marked(): array
    {
        $types = $this->flags->getFlagData(self::FLAG);
        return is_array($types) ? array_values(array_map('strval', $types)) : [];
    }

    /**
     * Marks more cache types; to be called in the transaction of the change.
     *
     * @param string[] $types
     */
    public function mark(array $types): void
    {
        $marked = $this->marked();
        $all = array_values(array_unique([...$marked, ...$types]));
        if ($all !== $marked) {
            $this->flags->saveFlag(self::FLAG, $all);
        }
    }

    /**
     * Cleans what is marked, then forgets the mark. Returns what was cleaned.
     *
     * @return string[]
     */
    public function clean(): array
    {
        $types = $this->marked();
        if ($types === []) {
            return [];
        }
        if (in_array(CacheNeeds::CONFIG, $types, true)) {
            $this->config->reinit();
        }
        $this->caches->clean($types);
        $this->flags->saveFlag(self::FLAG, []);
        return $types;
    }
}
