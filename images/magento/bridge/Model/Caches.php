<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Framework\App\Cache\Manager;
use Magento\Framework\Event\ManagerInterface as EventManager;
use StoreController\Bridge\Api\CacheInterface;
use StoreController\Bridge\Core\Refusal;

/**
 * POST cache/clean.
 */
class Caches implements CacheInterface
{
    private const PAGES = 'full_page';

    /**
     * @param Manager $manager
     * @param EventManager $events
     * @param Failures $failures
     */
    public function __construct(
        private readonly Manager $manager,
        private readonly EventManager $events,
        private readonly Failures $failures
    ) {
    }

    /**
     * @inheritDoc
     */
    public function clean(array $types = []): array
    {
        $known = $this->manager->getAvailableTypes();
        $unknown = array_diff($types, $known);
        if ($unknown !== []) {
            throw $this->failures->malformed(new Refusal('Unknown cache types: %1', [implode(', ', $unknown)]));
        }
        $types = array_values($types === [] ? $known : $types);
        $this->manager->clean($types);
        if (in_array(self::PAGES, $types, true)) {
            // Varnish hears of it this way.
            $this->events->dispatch('adminhtml_cache_flush_system');
        }
        return $types;
    }
}
