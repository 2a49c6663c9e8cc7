<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Config;

use Magento\Framework\FlagManager;
use StoreController\Bridge\Core\Manifest;
use StoreController\Bridge\Core\ManifestCodec;

/**
 * Keeps the manifest in the database, so that it is committed with the settings.
 */
class ManifestStore
{
    private const MANIFEST = 'storecontroller_manifest';

    /**
     * @param FlagManager $flags
     * @param ManifestCodec $codec
     */
    public function __construct(private readonly FlagManager $flags, private readonly ManifestCodec $codec)
    {
    }

    /**
     * Returns what was applied last.
     */
    public function load(): Manifest
    {
        return $this->codec->decode($this->flags->getFlagData(self::MANIFEST));
    }

    /**
     * Remembers what is applied now.
     *
     * @param Manifest $manifest
     */
    public function save(Manifest $manifest): void
    {
        $this->flags->saveFlag(self::MANIFEST, $this->codec->encode($manifest));
    }
}
