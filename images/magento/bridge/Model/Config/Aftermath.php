<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Config;

use Magento\Framework\App\Config\ReinitableConfigInterface;
use Magento\Framework\Event\ManagerInterface as EventManager;
use Magento\Framework\MessageQueue\PoisonPill\PoisonPillPutInterface;
use Psr\Log\LoggerInterface;
use StoreController\Bridge\Core\Scope;
use StoreController\Bridge\Core\Write;
use StoreController\Bridge\Model\StaleCaches;

/**
 * Makes committed settings hold: the configuration is read anew, observers and consumers hear of it, stale
 * caches are cleaned.
 */
class Aftermath
{
    /**
     * @param ReinitableConfigInterface $config
     * @param EventManager $events
     * @param PoisonPillPutInterface $pill
     * @param StaleCaches $stale
     * @param LiveShop $shop
     * @param LoggerInterface $logger
     */
    public function __construct(
        private readonly ReinitableConfigInterface $config,
        private readonly EventManager $events,
        private readonly PoisonPillPutInterface $pill,
        private readonly StaleCaches $stale,
        private readonly LiveShop $shop,
        private readonly LoggerInterface $logger
    ) {
    }

    /**
     * Makes these writes hold and returns the cache types that were cleaned.
     *
     * @param Write[] $writes
     * @param bool $clean false: what is stale stays marked
     * @return string[]
     */
    public function of(array $writes, bool $clean): array
    {
        $this->config->reinit();
        $this->tell($writes);
        $this->pill->put();
        return $clean ? $this->stale->clean() : [];
    }

    /**
     * Dispatches the events that Magento's own form dispatches, one for each section and scope.
     *
     * @param Write[] $writes
     */
    private function tell(array $writes): void
    {
        $events = [];
        foreach ($writes as $write) {
            $scope = $write->setting->scope;
            $key = $write->field->section() . '|' . $scope->key();
            $events[$key] ??= ['section' => $write->field->section(), 'scope' => $scope, 'paths' => []];
            $events[$key]['paths'][] = $write->setting->path;
        }
        foreach ($events as $event) {
            $scope = $event['scope'];
            $id = $this->shop->scopeId($scope);
            try {
                $this->events->dispatch('admin_system_config_changed_section_' . $event['section'], [
                    'website' => $scope->type === Scope::WEBSITES ? $id : '',
                    'store' => $scope->type === Scope::STORES ? $id : '',
                    'changed_paths' => $event['paths'],
                ]);
            } catch (\Exception $failure) {
                // The settings are committed; an observer that stumbles must not make it look otherwise.
                $this->logger->critical($failure);
            }
        }
    }
}
