<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Data;

use StoreController\Bridge\Api\Data\StatusDataInterface;

/**
 * What runs, how it is, and whether its settings are as they were applied.
 */
class StatusData implements StatusDataInterface
{
    /**
     * @param string $magentoVersion
     * @param string $edition
     * @param string $bridgeVersion
     * @param string $phpVersion
     * @param string $instanceUid
     * @param string $mode
     * @param bool $ready
     * @param bool $maintenance
     * @param bool $configFilesInSync
     * @param bool $dbUpToDate
     * @param string[] $views
     * @param int $revision
     * @param string $appliedChecksum
     * @param string $currentChecksum
     * @param string[] $drift
     * @param string[] $indexersInvalid
     * @param string[] $cachesInvalid
     * @param string[] $cachesDisabled
     * @param \StoreController\Bridge\Api\Data\CheckInterface[] $checks
     * @param string|null $cronLastFinishedAt
     * @param int|null $cronLagSeconds
     * @param int|null $cronPending
     */
    public function __construct(
        private readonly string $magentoVersion,
        private readonly string $edition,
        private readonly string $bridgeVersion,
        private readonly string $phpVersion,
        private readonly string $instanceUid,
        private readonly string $mode,
        private readonly bool $ready,
        private readonly bool $maintenance,
        private readonly bool $configFilesInSync,
        private readonly bool $dbUpToDate,
        private readonly array $views,
        private readonly int $revision,
        private readonly string $appliedChecksum,
        private readonly string $currentChecksum,
        private readonly array $drift,
        private readonly array $indexersInvalid,
        private readonly array $cachesInvalid,
        private readonly array $cachesDisabled,
        private readonly array $checks,
        private readonly ?string $cronLastFinishedAt = null,
        private readonly ?int $cronLagSeconds = null,
        private readonly ?int $cronPending = null
    ) {
    }

    /**
     * @inheritDoc
     */
    public function getMagentoVersion(): string
    {
        return $this->magentoVersion;
    }

    /**
     * @inheritDoc
     */
    public function getEdition(): string
    {
        return $this->edition;
    }

    /**
     * @inheritDoc
     */
    public function getBridgeVersion(): string
    {
        return $this->bridgeVersion;
    }

    /**
     * @inheritDoc
     */
    public function getPhpVersion(): string
    {
        return $this->phpVersion;
    }

    /**
     * @inheritDoc
     */
    public function getInstanceUid(): string
    {
        return $this->instanceUid;
    }

    /**
     * @inheritDoc
     */
    public function getMode(): string
    {
        return $this->mode;
    }

    /**
     * @inheritDoc
     */
    public function getReady(): bool
    {
        return $this->ready;
    }

    /**
     * @inheritDoc
     */
    public function getMaintenance(): bool
    {
        return $this->maintenance;
    }

    /**
     * @inheritDoc
     */
    public function getConfigFilesInSync(): bool
    {
        return $this->configFilesInSync;
    }

    /**
     * @inheritDoc
     */
    public function getDbUpToDate(): bool
    {
        return $this->dbUpToDate;
    }

    /**
     * @inheritDoc
     */
    public function getViews(): array
    {
        return $this->views;
    }

    /**
     * @inheritDoc
     */
    public function getRevision(): int
    {
        return $this->revision;
    }

    /**
     * @inheritDoc
     */
    public function getAppliedChecksum(): string
    {
        return $this->appliedChecksum;
    }

    /**
     * @inheritDoc
     */
    public function getCurrentChecksum(): string
    {
        return $this->currentChecksum;
    }

    /**
     * @inheritDoc
     */
    public function getDrift(): array
    {
        return $this->drift;
    }

    /**
     * @inheritDoc
     */
    public function getCronLastFinishedAt(): ?string
    {
        return $this->cronLastFinishedAt;
    }

    /**
     * @inheritDoc
     */
    public function getCronLagSeconds(): ?int
    {
        return $this->cronLagSeconds;
    }

    /**
     * @inheritDoc
     */
    public function getCronPending(): ?int
    {
        return $this->cronPending;
    }

    /**
     * @inheritDoc
     */
    public function getIndexersInvalid(): array
    {
        return $this->indexersInvalid;
    }

    /**
     * @inheritDoc
     */
    public function getCachesInvalid(): array
    {
        return $this->cachesInvalid;
    }

    /**
     * @inheritDoc
     */
    public function getCachesDisabled(): array
    {
        return $this->cachesDisabled;
    }

    /**
     * @inheritDoc
     */
    public function getChecks(): array
    {
        return $this->checks;
    }
}
