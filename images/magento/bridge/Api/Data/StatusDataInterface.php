<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api\Data;

/**
 * What runs, how it is, and whether its settings are as they were applied.
 *
 * @api
 */
interface StatusDataInterface
{
    /**
     * Version of Magento or Mage-OS.
     *
     * @return string
     */
    public function getMagentoVersion(): string;

    /**
     * Edition.
     *
     * @return string
     */
    public function getEdition(): string;

    /**
     * Version of this module.
     *
     * @return string
     */
    public function getBridgeVersion(): string;

    /**
     * Version of PHP.
     *
     * @return string
     */
    public function getPhpVersion(): string;

    /**
     * Who this shop is.
     *
     * @return string
     */
    public function getInstanceUid(): string;

    /**
     * Mode of Magento: production, default or developer.
     *
     * @return string
     */
    public function getMode(): string;

    /**
     * Whether everything but cron is well.
     *
     * @return bool
     */
    public function getReady(): bool;

    /**
     * Whether the shop is closed.
     *
     * @return bool
     */
    public function getMaintenance(): bool;

    /**
     * Whether the database has what config.php says.
     *
     * @return bool
     */
    public function getConfigFilesInSync(): bool;

    /**
     * Whether all modules are set up.
     *
     * @return bool
     */
    public function getDbUpToDate(): bool;

    /**
     * Codes of the active store views.
     *
     * @return string[]
     */
    public function getViews(): array;

    /**
     * Applied revision.
     *
     * @return int
     */
    public function getRevision(): int;

    /**
     * Keyed hash over what was applied.
     *
     * @return string
     */
    public function getAppliedChecksum(): string;

    /**
     * The same over what is stored now.
     *
     * @return string
     */
    public function getCurrentChecksum(): string;

    /**
     * Settings that are not as they were applied: scope|code|path.
     *
     * @return string[]
     */
    public function getDrift(): array;

    /**
     * When a job finished last, UTC.
     *
     * @return string|null
     */
    public function getCronLastFinishedAt(): ?string;

    /**
     * Seconds since then.
     *
     * @return int|null
     */
    public function getCronLagSeconds(): ?int;

    /**
     * Jobs that are due and wait.
     *
     * @return int|null
     */
    public function getCronPending(): ?int;

    /**
     * Indexers that must run.
     *
     * @return string[]
     */
    public function getIndexersInvalid(): array;

    /**
     * Cache types that are stale.
     *
     * @return string[]
     */
    public function getCachesInvalid(): array;

    /**
     * Cache types that are off.
     *
     * @return string[]
     */
    public function getCachesDisabled(): array;

    /**
     * What was looked at.
     *
     * @return \StoreController\Bridge\Api\Data\CheckInterface[]
     */
    public function getChecks(): array;
}
