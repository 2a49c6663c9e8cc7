<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Framework\Acl\AclResource\ProviderInterface;
use Magento\Framework\Exception\LocalizedException;
use Magento\Framework\Phrase;
use Magento\Integration\Api\AuthorizationServiceInterface;
use Magento\Integration\Api\IntegrationServiceInterface;
use Magento\Integration\Api\OauthServiceInterface;
use Magento\Integration\Model\Integration;

/**
 * Integrations: how a machine signs in without a person, a password or a second factor.
 */
class Integrations
{
    /**
     * @param IntegrationServiceInterface $integrations
     * @param OauthServiceInterface $oauth
     * @param AuthorizationServiceInterface $rights
     * @param ProviderInterface $tree
     * @param array<string,bool|string|int> $resources what the control plane needs; right => given
     */
    public function __construct(
        private readonly IntegrationServiceInterface $integrations,
        private readonly OauthServiceInterface $oauth,
        private readonly AuthorizationServiceInterface $rights,
        private readonly ProviderInterface $tree,
        private readonly array $resources = []
    ) {
    }

    /**
     * Makes sure that an integration is there, active, with exactly these rights and a token.
     *
     * @param string $name
     * @param string[] $resources empty: what the control plane needs
     * @param bool $rotate whether the token is made anew
     * @return array<string, int|string|string[]>
     * @throws LocalizedException
     */
    public function ensure(string $name, array $resources, bool $rotate): array
    {
        $known = $this->known($this->tree->getAclResources());
        if ($resources === []) {
            // A shop that lacks a module lacks its rights.
            $resources = array_values(array_intersect(array_keys(array_filter($this->resources)), $known));
        }
        $unknown = array_diff($resources, $known);
        if ($unknown !== []) {
            throw new LocalizedException(new Phrase('Unknown resources: %1', [implode(', ', $unknown)]));
        }
        $integration = $this->integrations->findByName($name);
        $status = 'unchanged';
        if (!$integration->getId()) {
            $integration = $this->integrations->create($this->data($name, $resources));
            $status = 'created';
        } elseif ((int)$integration->getStatus() !== Integration::STATUS_ACTIVE) {
            $integration = $this->integrations->update(
                ['integration_id' => $integration->getId()] + $this->data($name, $resources)
            );
            $status = 'updated';
        }
        $this->rights->grantPermissions((int)$integration->getId(), $resources);
        $consumerId = (int)$integration->getConsumerId();
        $token = $this->oauth->getAccessToken($consumerId);
        if (!$token || $rotate) {
            $this->oauth->createAccessToken($consumerId, true);
            $token = $this->oauth->getAccessToken($consumerId);
            $status = $status === 'created' ? $status : 'rotated';
        }
        $consumer = $this->oauth->loadConsumer($consumerId);
        return [
            'status' => $status,
            'integration_id' => (int)$integration->getId(),
            'consumer_key' => (string)$consumer->getKey(),
            'consumer_secret' => (string)$consumer->getSecret(),
            'access_token' => (string)$token->getToken(),
            'access_token_secret' => (string)$token->getSecret(),
            'resources' => $resources,
        ];
    }

    /**
     * Returns what Magento keeps of an integration.
     *
     * @param string $name
     * @param string[] $resources
     * @return array<string, mixed>
     */
    private function data(string $name, array $resources): array
    {
        return [
            'name' => $name,
            'status' => Integration::STATUS_ACTIVE,
            'setup_type' => Integration::TYPE_MANUAL,
            'resource' => $resources,
        ];
    }

    /**
     * Returns the names of all rights.
     *
     * @param array<int,array<string,mixed>> $tree
     * @return string[]
     */
    private function known(array $tree): array
    {
        $names = [];
        foreach ($tree as $node) {
            array_push($names, (string)$node['id'], ...$this->known($node['children'] ?? []));
        }
        return $names;
    }
}
