<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Deploy\Model\DeploymentConfig\ChangeDetector;
use Magento\Framework\App\Cache\TypeListInterface;
use Magento\Framework\App\MaintenanceMode;
use Magento\Framework\App\ProductMetadataInterface;
use Magento\Framework\App\State;
use Magento\Framework\Indexer\ConfigInterface as IndexerConfig;
use Magento\Framework\Indexer\IndexerRegistry;
use Magento\Framework\Module\DbVersionInfo;
use StoreController\Bridge\Api\Data\CheckInterface;
use StoreController\Bridge\Api\Data\ReadyInterface;
use StoreController\Bridge\Api\Data\StatusDataInterface;
use StoreController\Bridge\Api\StatusInterface;
use StoreController\Bridge\Core\Bookkeeper;
use StoreController\Bridge\Core\Checksum;
use StoreController\Bridge\Model\Config\LiveShop;
use StoreController\Bridge\Model\Config\ManifestStore;
use StoreController\Bridge\Model\Data\Ready;
use StoreController\Bridge\Model\Data\StatusData;

/**
 * GET ready and GET status.
 */
class StatusService implements StatusInterface
{
    private const VERSION = '1.0.0';

    /**
     * @param Health $health
     * @param CronState $cron
     * @param ProductMetadataInterface $product
     * @param State $state
     * @param MaintenanceMode $maintenance
     * @param ChangeDetector $files
     * @param DbVersionInfo $database
     * @param TypeListInterface $caches
     * @param IndexerConfig $indexers
     * @param IndexerRegistry $indexerStates
     * @param Identity $identity
     * @param Views $views
     * @param ManifestStore $manifests
     * @param StaleCaches $stale
     * @param LiveShop $shop
     * @param Bookkeeper $bookkeeper
     * @param Checksum $checksum
     * @param Failures $failures
     */
    public function __construct(
        private readonly Health $health,
        private readonly CronState $cron,
        private readonly ProductMetadataInterface $product,
        private readonly State $state,
        private readonly MaintenanceMode $maintenance,
        private readonly ChangeDetector $files,
        private readonly DbVersionInfo $database,
        private readonly TypeListInterface $caches,
        private readonly IndexerConfig $indexers,
        private readonly IndexerRegistry $indexerStates,
        private readonly Identity $identity,
        private readonly Views $views,
        private readonly ManifestStore $manifests,
        private readonly StaleCaches $stale,
        private readonly LiveShop $shop,
        private readonly Bookkeeper $bookkeeper,
        private readonly Checksum $checksum,
        private readonly Failures $failures
    ) {
    }

    /**
     * @inheritDoc
     */
    public function ready(): ReadyInterface
    {
        $bad = array_filter($this->health->vital(), static fn (CheckInterface $check): bool => !$check->getOk());
        if ($bad !== []) {
            $names = array_map(static fn (CheckInterface $check): string => $check->getName(), $bad);
            throw $this->failures->unavailable('Not ready: ' . implode(', ', $names));
        }
        return new Ready(true);
    }

    /**
     * @inheritDoc
     */
    public function status(): StatusDataInterface
    {
        $checks = $this->health->all();
        $manifest = $this->manifests->load();
        $this->shop->look(array_values(array_unique(array_map(
            static fn (string $key): string => explode('|', $key, 3)[2],
            array_keys($manifest->entries)
        ))));
        $compared = $this->bookkeeper->compare($this->shop, $manifest);
        return new StatusData(
            magentoVersion: $this->product->getVersion(),
            edition: $this->product->getEdition(),
            bridgeVersion: self::VERSION,
            phpVersion: PHP_VERSION,
            instanceUid: $this->identity->uid(),
            mode: $this->state->getMode(),
            ready: $this->serves($checks),
            maintenance: $this->maintenance->isOn(),
            configFilesInSync: !$this->files->hasChanges(),
            dbUpToDate: $this->database->getDbVersionErrors() === [],
            views: $this->views->active(),
            revision: $manifest->revision,
            appliedChecksum: $this->checksum->of($compared['applied']),
            currentChecksum: $this->checksum->of($compared['current']),
            drift: $compared['drift'],
            cronLastFinishedAt: $this->cron->lastFinished(),
            cronLagSeconds: $this->cron->lag(),
            cronPending: $this->cron->pending(),
            indexersInvalid: $this->invalidIndexers(),
            cachesInvalid: $this->invalidCaches(),
            cachesDisabled: $this->disabledCaches(),
            checks: $checks
        );
    }

    /**
     * Whether customers are served; a cron that lags does not turn them away.
     *
     * @param CheckInterface[] $checks
     */
    private function serves(array $checks): bool
    {
        foreach ($checks as $check) {
            if (!$check->getOk() && $check->getName() !== Health::CRON) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns the indexers that must run.
     *
     * @return string[]
     */
    private function invalidIndexers(): array
    {
        $names = array_map('strval', array_keys($this->indexers->getIndexers()));
        $invalid = fn (string $name): bool => $this->indexerStates->get($name)->isInvalid();
        return array_values(array_filter($names, $invalid));
    }

    /**
     * Returns the cache types that Magento, or the Bridge, knows to be stale.
     *
     * @return string[]
     */
    private function invalidCaches(): array
    {
        $types = [...array_keys($this->caches->getInvalidated()), ...$this->stale->marked()];
        return array_values(array_unique(array_map('strval', $types)));
    }

    /**
     * Returns the cache types that are off.
     *
     * @return string[]
     */
    private function disabledCaches(): array
    {
        $off = [];
        foreach ($this->caches->getTypes() as $name => $type) {
            if (!$type->getStatus()) {
                $off[] = (string)$name;
            }
        }
        return $off;
    }
}
