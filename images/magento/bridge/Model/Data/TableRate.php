<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Data;

use StoreController\Bridge\Api\Data\TableRateInterface;

/**
 * What shipping to a place costs from an amount on.
 */
class TableRate implements TableRateInterface
{
    /**
     * @param string|null $country
     * @param string|null $region
     * @param string|null $postcode
     * @param string|null $from
     * @param string|null $price
     */
    public function __construct(
        private ?string $country = null,
        private ?string $region = null,
        private ?string $postcode = null,
        private ?string $from = null,
        private ?string $price = null
    ) {
    }

    /**
     * @inheritDoc
     */
    public function getCountry(): ?string
    {
        return $this->country;
    }

    /**
     * @inheritDoc
     */
    public function setCountry(?string $value): self
    {
        $this->country = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getRegion(): ?string
    {
        return $this->region;
    }

    /**
     * @inheritDoc
     */
    public function setRegion(?string $value): self
    {
        $this->region = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getPostcode(): ?string
    {
        return $this->postcode;
    }

    /**
     * @inheritDoc
     */
    public function setPostcode(?string $value): self
    {
        $this->postcode = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getFrom(): ?string
    {
        return $this->from;
    }

    /**
     * @inheritDoc
     */
    public function setFrom(?string $value): self
    {
        $this->from = $value;
        return $this;
    }

    /**
     * @inheritDoc
     */
    public function getPrice(): ?string
    {
        return $this->price;
    }

    /**
     * @inheritDoc
     */
    public function setPrice(?string $value): self
    {
        $this->price = $value;
        return $this;
    }
}
