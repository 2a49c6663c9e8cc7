<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\AdvancedSearch\Model\Client\ClientResolver;
use Magento\Framework\App\CacheInterface;
use Magento\Framework\App\ResourceConnection;
use StoreController\Bridge\Api\Data\CheckInterface;
use StoreController\Bridge\Model\Data\Check;

/**
 * Looks at what the shop stands on: database, cache, search engine, cron.
 */
class Health
{
    public const CRON = 'cron';
    private const CRON_MAY_LAG = 300;
    private const PROBE_LIVES = 30;
    private const LONGEST_DETAIL = 200;

    /**
     * @param ResourceConnection $resource
     * @param CacheInterface $cache
     * @param ClientResolver $search
     * @param CronState $cron
     */
    public function __construct(
        private readonly ResourceConnection $resource,
        private readonly CacheInterface $cache,
        private readonly ClientResolver $search,
        private readonly CronState $cron
    ) {
    }

    /**
     * Looks at what no page can do without.
     *
     * @return CheckInterface[]
     */
    public function vital(): array
    {
        return [$this->check('db', $this->database(...)), $this->check('cache', $this->cache(...))];
    }

    /**
     * Looks at everything.
     *
     * @return CheckInterface[]
     */
    public function all(): array
    {
        return [
            ...$this->vital(),
            $this->check('search', $this->search(...)),
            $this->check(self::CRON, $this->cron(...)),
        ];
    }

    /**
     * Takes one look and the time that it takes; a failure is an answer.
     *
     * @param string $name
     * @param callable $look
     */
    private function check(string $name, callable $look): CheckInterface
    {
        $started = hrtime(true);
        try {
            $detail = $look();
            $well = true;
        } catch (\Throwable $failure) {
            $detail = mb_strcut($failure->getMessage(), 0, self::LONGEST_DETAIL);
            $well = false;
        }
        return new Check($name, $well, (int)round((hrtime(true) - $started) / 1e6), $detail);
    }

    /**
     * Asks the database for its version.
     */
    private function database(): string
    {
        $connection = $this->resource->getConnection();
        return (string)$connection->fetchOne($connection->select()->from('', [new \Zend_Db_Expr('VERSION()')]));
    }

    /**
     * Writes to the cache and reads it back.
     */
    private function cache(): ?string
    {
        // A key of its own: probes that run at once must not see each other's value.
        $value = bin2hex(random_bytes(8));
        $key = 'storecontroller_probe_' . $value;
        $this->cache->save($value, $key, [], self::PROBE_LIVES);
        $read = $this->cache->load($key);
        $this->cache->remove($key);
        if ($read !== $value) {
            throw new \RuntimeException('The cache does not return what was written.');
        }
        return null;
    }

    /**
     * Asks the search engine whether it is there.
     */
    private function search(): string
    {
        if (!$this->search->create()->testConnection()) {
            throw new \RuntimeException('The search engine does not answer.');
        }
        return $this->search->getCurrentEngine();
    }

    /**
     * Looks when a cron job finished last.
     */
    private function cron(): string
    {
        $lag = $this->cron->lag();
        if ($lag === null || $lag > self::CRON_MAY_LAG) {
            throw new \RuntimeException($lag === null ? 'No job ever finished.' : "No job finished for $lag s.");
        }
        return $lag . ' s';
    }
}
