<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Data;

use StoreController\Bridge\Api\Data\ConfigResultInterface;

/**
 * What became of one setting, or what is in force for it.
 */
class ConfigResult implements ConfigResultInterface
{
    /**
     * @param string $path
     * @param string $scope
     * @param string $status
     * @param string|null $scopeCode
     * @param string|null $message
     * @param string|null $value
     * @param bool|null $sensitive
     * @param string|null $source
     * @param bool|null $locked
     * @param string|null $backendModel
     * @param bool|null $managed
     * @param string|null $applied
     * @param string|null $fingerprint
     * @param string|null $appliedFingerprint
     * @param string[]|null $options
     */
    public function __construct(
        private readonly string $path,
        private readonly string $scope,
        private readonly string $status,
        private readonly ?string $scopeCode = null,
        private readonly ?string $message = null,
        private readonly ?string $value = null,
        private readonly ?bool $sensitive = null,
        private readonly ?string $source = null,
        private readonly ?bool $locked = null,
        private readonly ?string $backendModel = null,
        private readonly ?bool $managed = null,
        private readonly ?string $applied = null,
        private readonly ?string $fingerprint = null,
        private readonly ?string $appliedFingerprint = null,
        private readonly ?array $options = null
    ) {
    }

    /**
     * @inheritDoc
     */
    public function getPath(): string
    {
        return $this->path;
    }

    /**
     * @inheritDoc
     */
    public function getScope(): string
    {
        return $this->scope;
    }

    /**
     * @inheritDoc
     */
    public function getScopeCode(): ?string
    {
        return $this->scopeCode;
    }

    /**
     * @inheritDoc
     */
    public function getStatus(): string
    {
        return $this->status;
    }

    /**
     * @inheritDoc
     */
    public function getMessage(): ?string
    {
        return $this->message;
    }

    /**
     * @inheritDoc
     */
    public function getValue(): ?string
    {
        return $this->value;
    }

    /**
     * @inheritDoc
     */
    public function getSensitive(): ?bool
    {
        return $this->sensitive;
    }

    /**
     * @inheritDoc
     */
    public function getSource(): ?string
    {
        return $this->source;
    }

    /**
     * @inheritDoc
     */
    public function getLocked(): ?bool
    {
        return $this->locked;
    }

    /**
     * @inheritDoc
     */
    public function getBackendModel(): ?string
    {
        return $this->backendModel;
    }

    /**
     * @inheritDoc
     */
    public function getManaged(): ?bool
    {
        return $this->managed;
    }

    /**
     * @inheritDoc
     */
    public function getApplied(): ?string
    {
        return $this->applied;
    }

    /**
     * @inheritDoc
     */
    public function getFingerprint(): ?string
    {
        return $this->fingerprint;
    }

    /**
     * @inheritDoc
     */
    public function getAppliedFingerprint(): ?string
    {
        return $this->appliedFingerprint;
    }

    /**
     * @inheritDoc
     */
    public function getOptions(): ?array
    {
        return $this->options;
    }
}
